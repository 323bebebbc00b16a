/** The label of a physical volume: who it is and where its copies of the metadata are. */
import { crc32 } from '../../bytes/crc.js';
import { decodeLatin1 } from '../../bytes/text.js';
import { corrupt } from '../../errors.js';
import type { ByteSource } from '../../source/byte-source.js';
import { DISK_LOCN, INITIAL_CRC, LABEL_HEADER, LABEL_ID, LABEL_SCAN_SECTORS, LVM2_LABEL, PV_HEADER, SECTOR } from './layout.js';

/** A part of a physical volume, in bytes. */
export interface Area {
  readonly offset: number;
  readonly size: number;
}

export interface PvLabel {
  /** The physical volume's UUID as the metadata write it, with dashes. */
  readonly id: string;
  readonly metadataAreas: readonly Area[];
}

/** LVM's checksum: CRC-32 from its own start, without the final inversion. */
export function lvmCrc(bytes: Uint8Array, seed: number = INITIAL_CRC): number {
  return ~crc32(bytes, ~seed >>> 0) >>> 0;
}

/** A UUID of 32 characters with the dashes that LVM prints in it. */
export function dashedId(id: string): string {
  return [id.slice(0, 6), id.slice(6, 10), id.slice(10, 14), id.slice(14, 18), id.slice(18, 22), id.slice(22, 26), id.slice(26, 32)].join(
    '-',
  );
}

async function findLabel(source: ByteSource): Promise<{ sector: Uint8Array; number: number } | null> {
  for (let number = 0; number < LABEL_SCAN_SECTORS && (number + 1) * SECTOR <= source.size; number++) {
    const sector = await source.read(number * SECTOR, SECTOR);
    const at = LABEL_HEADER.offsetOf('type');
    const id = decodeLatin1(sector.subarray(0, LABEL_HEADER.sizeOf('id')));
    const type = decodeLatin1(sector.subarray(at, at + LABEL_HEADER.sizeOf('type')));
    if (id === LABEL_ID && type === LVM2_LABEL) return { sector, number };
  }
  return null;
}

/** Whether the volume has an LVM2 label. */
export async function hasLabel(source: ByteSource): Promise<boolean> {
  return (await findLabel(source)) !== null;
}

/**
 * Reads the label of a volume that has one.
 * @throws TygrubError corrupt when the checksum is wrong or the header reaches out of its sector
 */
export async function readLabel(source: ByteSource, where: string): Promise<PvLabel> {
  const found = await findLabel(source);
  if (found === null) throw corrupt('lvm.no-label', `${where} has no LVM2 label`);
  const { sector, number } = found;
  const offset = number * SECTOR;
  const label = LABEL_HEADER.decode(sector);
  if (label.sector_xl !== number)
    throw corrupt('lvm.label-place', `the LVM2 label of ${where} belongs in sector ${label.sector_xl}`, { offset });
  if (lvmCrc(sector.subarray(LABEL_HEADER.offsetOf('offset_xl'))) !== label.crc_xl) {
    throw corrupt('lvm.label-checksum', `the LVM2 label of ${where} does not match its checksum`, { offset });
  }
  const header = PV_HEADER.decode(sector, label.offset_xl);
  let at = label.offset_xl + PV_HEADER.size;
  const list = (): Area[] => {
    const areas: Area[] = [];
    for (;;) {
      // Decoding ends the list with an error where it reaches out of the sector.
      const area = DISK_LOCN.decode(sector, at);
      at += DISK_LOCN.size;
      if (area.offset === 0) return areas;
      areas.push(area);
    }
  };
  list(); // the data areas: where extents start is said by the metadata
  return { id: dashedId(header.pv_uuid), metadataAreas: list() };
}
