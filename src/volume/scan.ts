/** What is on a disk: a partition table, or nothing but itself. */
import type { Limits } from '../limits.js';
import type { ByteSource } from '../source/byte-source.js';
import { readAmigaDisk } from './amiga/index.js';
import { readAppleDisk } from './apple/index.js';
import { readBsdDisk } from './bsd/index.js';
import { readDvhDisk } from './dvh/index.js';
import { efiImages } from './el-torito/index.js';
import { hasGptSignature, readGpt } from './gpt/index.js';
import { isOpticalDisc } from './identify/index.js';
import { isPartitioned, protectiveRecord, readBootRecord, readMbr } from './mbr/index.js';
import { wholeDisk } from './partition.js';
import { readSunDisk } from './sun/index.js';
import type { TableKind, Volume, VolumeTable } from './volume.js';

/** Labels of other systems, on disks without an MBR, in the order in which Linux asks for them. */
const DISK_LABELS: readonly {
  readonly table: TableKind;
  readonly read: (disk: ByteSource, limits: Limits) => Promise<readonly Volume[] | null>;
}[] = [
  { table: 'dvh', read: readDvhDisk },
  { table: 'bsd', read: readBsdDisk },
  { table: 'sun', read: readSunDisk },
  { table: 'amiga', read: readAmigaDisk },
  { table: 'apple', read: readAppleDisk },
];

/**
 * Reads the partition table of a disk, by the rules that Linux and GRUB share: 55 AA and four boot indicators make an MBR,
 * a record of type 0xee in it makes a GPT; a table without partitions is none, so that a filesystem on the whole disk with
 * boot code before it is found.
 * @returns the volumes in table order; one volume `whole` where there is no table; both for an ISO 9660 disc that is also
 * partitioned (hybrid images); and the EFI boot images of a disc, `eltorito1` ...
 * @throws what the disk's source throws; damage of the table is in `warnings` and in the volumes' `problem`
 */
export async function scanVolumes(disk: ByteSource, limits: Limits): Promise<VolumeTable> {
  const found = await readTable(disk, limits);
  const disc = await isOpticalDisc(disk);
  const whole = disc || found.volumes.every((volume) => volume.size === 0);
  const table = whole ? { ...found, volumes: [wholeDisk(disk), ...found.volumes] } : found;
  if (!disc) return table;
  const images = await efiImages(disk, limits, table.volumes);
  return { ...table, volumes: [...table.volumes, ...images.volumes], warnings: [...table.warnings, ...images.warnings] };
}

/** The table's own volumes; none where there is no table. */
async function readTable(disk: ByteSource, limits: Limits): Promise<VolumeTable> {
  const record = await readBootRecord(disk, 0);
  const protective = record === null ? undefined : protectiveRecord(record);
  if (record !== null && protective !== undefined) {
    const gpt = await readGpt(disk, protective.size_in_lba, limits);
    if (gpt.volumes !== null) return { table: 'gpt', ...gpt };
    const lost = { code: 'gpt.unusable', message: 'the MBR says that the disk has a GPT, but neither copy of it can be used' };
    return { table: 'gpt', sectorSize: 512, volumes: [], warnings: [lost, ...gpt.warnings] };
  }
  if (record !== null && isPartitioned(record)) return { table: 'mbr', ...(await readMbr(disk, record, limits)) };
  for (const { table, read } of DISK_LABELS) {
    const volumes = await read(disk, limits);
    if (volumes !== null) return { table, sectorSize: 512, volumes, warnings: [] };
  }
  const warnings = [];
  if (await hasGptSignature(disk, 512)) {
    const message = 'the disk has a GPT header but no protective MBR: like Linux and GRUB, tygrub does not use it';
    warnings.push({ code: 'gpt.no-protective-mbr', message, offset: 512, hint: 'write a protective MBR (gdisk, w)' });
  }
  return { table: null, sectorSize: 512, volumes: [], warnings };
}
