/**
 * El Torito: the boot catalog of an ISO 9660 disc names images that firmware boots. EFI's is a FAT filesystem, a volume
 * of its own though no partition table tells of it.
 */
import { corrupt, TygrubError, type Warning } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { ByteSource } from '../../source/byte-source.js';
import { SliceSource } from '../../source/slice.js';
import type { Volume } from '../volume.js';
import {
  BOOT_ENTRY,
  BOOT_RECORD,
  BOOT_RECORD_SECTOR,
  BOOT_SYSTEM_IDENTIFIER,
  BOOTABLE,
  ENTRY_SIZE,
  EXTENSION,
  EXTENSION_FOLLOWS,
  ISO_9660_IDENTIFIER,
  KEY,
  LAST_SECTION,
  MEDIA_TYPE,
  MORE_SECTIONS,
  NO_EMULATION,
  NOT_BOOTABLE,
  PLATFORM_EFI,
  SECTION_HEADER,
  SECTOR,
  VALIDATION_ENTRY,
  VALIDATION_HEADER,
  VIRTUAL_SECTOR,
} from './layout.js';

/** An image that the boot catalog names. */
export interface BootImage {
  /** 0 for a PC's BIOS, 0xef for EFI. */
  readonly platform: number;
  readonly bootable: boolean;
  /** 0 where the image is no picture of a floppy or hard disk. */
  readonly mediaType: number;
  /** Byte offset on the disc. */
  readonly start: number;
  /** Bytes that the catalog tells; 0 where it tells none. */
  readonly size: number;
}

/** The byte offset of the boot catalog; null where the disc has none. */
async function findCatalog(disc: ByteSource): Promise<number | null> {
  const at = BOOT_RECORD_SECTOR * SECTOR;
  if (disc.size < at + SECTOR) return null;
  const record = BOOT_RECORD.decode(await disc.read(at, SECTOR));
  const isBootRecord = record.boot_record_indicator === 0 && record.iso_9660_identifier === ISO_9660_IDENTIFIER;
  return isBootRecord && record.boot_system_identifier.startsWith(BOOT_SYSTEM_IDENTIFIER) ? record.boot_catalog * SECTOR : null;
}

/**
 * Reads the boot catalog of a disc.
 * @returns its images in order, without empty entries; none where the disc has no catalog
 * @throws TygrubError corrupt `el-torito.catalog`
 */
export async function readBootCatalog(disc: ByteSource, limits: Limits): Promise<readonly BootImage[]> {
  const at = await findCatalog(disc);
  if (at === null) return [];
  const wrong = (what: string) => corrupt('el-torito.catalog', `the boot catalog ${what}`, { offset: at });
  if (at + 2 * ENTRY_SIZE > disc.size) throw wrong('is not on the disc');
  // The catalog has no size of its own: it is a file of one sector, in all but strange cases.
  const catalog = await disc.read(at, Math.min(SECTOR, disc.size - at));
  const validation = VALIDATION_ENTRY.decode(catalog);
  if (validation.header_id !== VALIDATION_HEADER || validation.key[0] !== KEY[0] || validation.key[1] !== KEY[1]) {
    throw wrong('does not start with a validation entry');
  }
  const images: BootImage[] = [];
  const add = (platform: number, offset: number): number => {
    const entry = BOOT_ENTRY.decode(catalog, offset);
    if (entry.boot_indicator === BOOTABLE || (entry.boot_indicator === NOT_BOOTABLE && entry.load_rba !== 0)) {
      images.push({
        platform,
        bootable: entry.boot_indicator === BOOTABLE,
        mediaType: entry.boot_media_type & MEDIA_TYPE,
        start: entry.load_rba * SECTOR,
        size: entry.sector_count * VIRTUAL_SECTOR,
      });
    }
    return entry.boot_media_type;
  };
  add(validation.platform_id, ENTRY_SIZE);
  let offset = 2 * ENTRY_SIZE;
  while (offset + ENTRY_SIZE <= catalog.length) {
    const header = SECTION_HEADER.decode(catalog, offset);
    offset += ENTRY_SIZE;
    if (header.header_indicator !== MORE_SECTIONS && header.header_indicator !== LAST_SECTION) break;
    for (let i = 0; i < header.number_of_entries && offset + ENTRY_SIZE <= catalog.length; i++) {
      const mediaType = add(header.platform_id, offset);
      offset += ENTRY_SIZE;
      if ((mediaType & EXTENSION_FOLLOWS) === 0) continue;
      while (offset + ENTRY_SIZE <= catalog.length && catalog[offset] === EXTENSION) offset += ENTRY_SIZE;
    }
    if (header.header_indicator === LAST_SECTION || images.length >= limits.volumes) break;
  }
  return images;
}

/** A size that firmware does not believe: none, the one sector that old tools write, and the largest that fits the field. */
function isMeaningless(size: number): boolean {
  return size <= VIRTUAL_SECTOR || size === 0xffff * VIRTUAL_SECTOR;
}

/**
 * The EFI images of a disc as volumes `eltorito1`, `eltorito2` ... An image whose size the catalog does not tell goes on
 * to the end of the disc, as in firmware: the filesystem in it knows its own.
 * @param known the volumes of the partition table: an image that is one of them as well (hybrid images) is not listed again
 * @returns the volumes; damage of the catalog is a warning
 * @throws what the disc's source throws
 */
export async function efiImages(
  disc: ByteSource,
  limits: Limits,
  known: readonly Volume[],
): Promise<{ readonly volumes: readonly Volume[]; readonly warnings: readonly Warning[] }> {
  const volumes: Volume[] = [];
  const warnings: Warning[] = [];
  const warn = (message: string, offset?: number): void => {
    warnings.push({ code: 'el-torito.catalog', message, ...(offset === undefined ? {} : { offset }) });
  };
  try {
    const starts = new Set(known.map((volume) => volume.start));
    for (const image of await readBootCatalog(disc, limits)) {
      if (image.platform !== PLATFORM_EFI || image.mediaType !== NO_EMULATION || starts.has(image.start)) continue;
      starts.add(image.start);
      if (image.start >= disc.size) {
        warn(`the EFI boot image at byte ${image.start} is not on the disc (${disc.size} bytes)`, image.start);
        continue;
      }
      const left = disc.size - image.start;
      const size = isMeaningless(image.size) ? left : Math.min(image.size, left);
      volumes.push({
        name: `eltorito${volumes.length + 1}`,
        start: image.start,
        size,
        type: 'efi',
        active: image.bootable,
        uuid: null,
        label: null,
        source: new SliceSource(disc, image.start, size),
        problem: null,
      });
    }
  } catch (error) {
    if (!(error instanceof TygrubError) || error.kind !== 'corrupt') throw error;
    warn(error.message, error.offset);
  }
  return { volumes, warnings };
}
