/** GUID partition tables, with the backup where the primary is damaged. */
import { decodeUtf16 } from '../../bytes/text.js';
import { formatGuid, isZero } from '../../bytes/uuid.js';
import { TygrubError, type Warning } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { ByteSource } from '../../source/byte-source.js';
import { partitionVolume } from '../partition.js';
import type { Volume } from '../volume.js';
import { backupPlaces } from './backup.js';
import { type GptHeader, hasGptSignature, readGptEntries, readGptHeader } from './header.js';
import { GPT_ENTRY, LEGACY_BIOS_BOOTABLE, SECTOR_SIZES } from './layout.js';

export { geometrySectors } from './backup.js';
export { hasGptSignature } from './header.js';

/** The volumes of a GPT. */
export interface GptPartitions {
  readonly sectorSize: number;
  readonly volumes: readonly Volume[];
  readonly warnings: readonly Warning[];
}

interface Table {
  readonly header: GptHeader;
  readonly entries: Uint8Array;
  readonly sectorSize: number;
}

/**
 * Reads the GPT of a disk whose MBR is protective or hybrid. Damage of one copy is a warning, and the other is used.
 * @param protectiveSize sectors that the protective record of the MBR covers
 * @returns the volumes, or only warnings with `volumes` null when neither copy can be used
 */
export async function readGpt(
  disk: ByteSource,
  protectiveSize: number,
  limits: Limits,
): Promise<GptPartitions | { readonly volumes: null; readonly warnings: readonly Warning[] }> {
  const warnings: Warning[] = [];
  const failed = (what: string, error: unknown): void => {
    if (!(error instanceof TygrubError)) throw error;
    const place = error.offset === undefined ? {} : { offset: error.offset };
    warnings.push({ code: error.code, message: `${what}: ${error.message}`, ...place });
  };
  let header: { header: GptHeader; sectorSize: number } | null = null;
  for (const sectorSize of SECTOR_SIZES) {
    if (sectorSize !== 512 && !(await hasGptSignature(disk, sectorSize))) continue;
    const found: Warning[] = warnings.splice(0);
    try {
      header = { header: await readGptHeader(disk, 1, sectorSize), sectorSize };
      const entries = await readGptEntries(disk, header.header, sectorSize, limits);
      return await list(disk, { ...header, entries }, limits, await checkBackup(disk, header));
    } catch (error) {
      warnings.push(...found);
      failed('the primary GPT is not used', error);
    }
  }
  for (const { lba, sectorSize } of backupPlaces(disk, header, protectiveSize)) {
    try {
      const backup = await readGptHeader(disk, lba, sectorSize);
      const entries = await readGptEntries(disk, backup, sectorSize, limits);
      const used = { code: 'gpt.backup-used', message: `the backup GPT in sector ${lba} is used`, offset: lba * sectorSize };
      return await list(disk, { header: backup, entries, sectorSize }, limits, [...warnings, used]);
    } catch (error) {
      failed('no backup GPT', error);
    }
  }
  return { volumes: null, warnings };
}

/** Warns where the backup header is not there or damaged: nothing is lost yet, and somebody should know. */
async function checkBackup(disk: ByteSource, primary: { header: GptHeader; sectorSize: number }): Promise<Warning[]> {
  const lba = primary.header.AlternateLBA;
  try {
    await readGptHeader(disk, lba ?? Math.floor(disk.size / primary.sectorSize), primary.sectorSize);
    return [];
  } catch (error) {
    if (!(error instanceof TygrubError)) throw error;
    return [{ code: 'gpt.backup-damaged', message: `the backup GPT cannot be used: ${error.message}` }];
  }
}

async function list(disk: ByteSource, table: Table, limits: Limits, before: readonly Warning[]): Promise<GptPartitions> {
  const { header, entries, sectorSize } = table;
  const warnings = [...before];
  const volumes: Volume[] = [];
  for (let index = 0; index < header.NumberOfPartitionEntries; index++) {
    const entry = GPT_ENTRY.decode(entries, index * header.SizeOfPartitionEntry);
    if (isZero(entry.PartitionTypeGUID)) continue;
    if (volumes.length >= limits.volumes) {
      warnings.push({ code: 'limit.volumes', message: `more than ${limits.volumes} partitions are not listed (limit volumes)` });
      break;
    }
    const start = inBytes(entry.StartingLBA, sectorSize);
    const end = inBytes(entry.EndingLBA === null ? null : entry.EndingLBA + 1, sectorSize);
    const name = decodeUtf16(entry.PartitionName, 'little');
    volumes.push(
      partitionVolume(disk, 'gpt', {
        name: `gpt${index + 1}`,
        start,
        size: start === null || end === null ? null : end - start,
        type: formatGuid(entry.PartitionTypeGUID),
        active: (entry.Attributes.low & LEGACY_BIOS_BOOTABLE) !== 0,
        uuid: formatGuid(entry.UniquePartitionGUID),
        label: name === '' ? null : name,
      }),
    );
  }
  warnings.push(...overlaps(volumes));
  return { sectorSize, volumes, warnings };
}

function inBytes(lba: number | null, sectorSize: number): number | null {
  if (lba === null) return null;
  return Number.isSafeInteger(lba * sectorSize) ? lba * sectorSize : null;
}

/** Partitions that share bytes. Linux and GRUB read both, so it is a warning; one of the two holds foreign data. */
function overlaps(volumes: readonly Volume[]): Warning[] {
  const warnings: Warning[] = [];
  const ordered = volumes.filter((v) => v.problem === null).sort((a, b) => (a.start ?? 0) - (b.start ?? 0));
  let last: Volume | undefined;
  for (const volume of ordered) {
    if (last !== undefined && (volume.start ?? 0) < (last.start ?? 0) + last.size) {
      const message = `the partitions ${last.name} and ${volume.name} overlap`;
      warnings.push({ code: 'gpt.partitions-overlap', message, ...(volume.start === null ? {} : { offset: volume.start }) });
    }
    if (last === undefined || (volume.start ?? 0) + volume.size > (last.start ?? 0) + last.size) last = volume;
  }
  return warnings;
}
