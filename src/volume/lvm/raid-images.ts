/** Which images of a RAID 1 volume hold its current content. */
import { corrupt, TygrubError } from '../../errors.js';
import type { ByteSource } from '../../source/byte-source.js';
import type { ConfigValue } from './config-text.js';
import { DM_RAID_MAGIC, DM_RAID_SUPERBLOCK } from './layout.js';

/** An image with what its metadata volume says; no superblock where it could not be read. */
interface Image {
  readonly name: string;
  readonly position: number;
  readonly superblock: { readonly events: number; readonly failed: ReadonlySet<number>; readonly recovering: boolean } | null;
}

/** Failed devices stand in a bit mask; more images than a RAID 1 may have are not looked at. */
const MASK_BITS = 53;

/**
 * Orders the images of a RAID 1: those that are current, in their order. dm-raid keeps an event count and the failed devices in
 * each image's metadata volume; the one that has seen most decides, and images it calls failed, that lag behind or are
 * being rebuilt are left out. Where no superblock can be read (the metadata volumes' disks are missing) all are taken.
 * @param raids `["v_rmeta_0", "v_rimage_0", ...]`
 * @param open opens a logical volume by name
 */
export async function currentImages(
  raids: readonly ConfigValue[],
  open: (name: string) => Promise<ByteSource>,
  where: string,
): Promise<string[]> {
  const images: Image[] = [];
  for (let i = 0; i + 1 < raids.length; i += 2) {
    const meta = raids[i];
    const name = raids[i + 1];
    if (typeof meta !== 'string' || typeof name !== 'string') throw corrupt('lvm.areas', `the list of images of ${where} is damaged`);
    images.push({ name, position: i / 2, superblock: await readSuperblock(meta, open) });
  }
  const known = images.flatMap(({ superblock }) => (superblock === null ? [] : [superblock]));
  if (known.length === 0) return images.map(({ name }) => name);
  const newest = known.reduce((a, b) => (b.events > a.events ? b : a));
  return images
    .filter(
      ({ superblock, position }) =>
        superblock !== null && superblock.events + 1 >= newest.events && !superblock.recovering && !newest.failed.has(position),
    )
    .map(({ name }) => name);
}

async function readSuperblock(meta: string, open: (name: string) => Promise<ByteSource>): Promise<Image['superblock']> {
  let bytes: Uint8Array;
  try {
    const source = await open(meta);
    if (source.size < DM_RAID_SUPERBLOCK.size) return null;
    bytes = await source.read(0, DM_RAID_SUPERBLOCK.size);
  } catch (error) {
    // The disk of this image is missing: that is what RAID 1 is for. Anything else is damage that must be told.
    if (!(error instanceof TygrubError) || error.kind !== 'not-found') throw error;
    return null;
  }
  if (new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) !== DM_RAID_MAGIC) return null;
  const superblock = DM_RAID_SUPERBLOCK.decode(bytes);
  const failed = new Set<number>();
  for (let bit = 0; bit < MASK_BITS; bit++) if (Math.floor(superblock.failed_devices / 2 ** bit) % 2 === 1) failed.add(bit);
  const complete = superblock.disk_recovery_offset_low === 0xffffffff && superblock.disk_recovery_offset_high === 0xffffffff;
  return { events: superblock.events, failed, recovering: !complete };
}
