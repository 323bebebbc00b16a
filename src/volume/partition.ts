/** Making a `Volume` of a range that a partition table names, whatever the range is. */
import { type Problem, problemOf, TygrubError } from '../errors.js';
import type { ByteSource } from '../source/byte-source.js';
import { MemorySource } from '../source/memory.js';
import { SliceSource } from '../source/slice.js';
import type { Volume } from './volume.js';

/** What a partition table says of one partition. `start` and `size` are bytes; null where the table has an impossible number. */
export interface PartitionClaim {
  readonly name: string;
  readonly start: number | null;
  readonly size: number | null;
  readonly type: string | null;
  readonly active?: boolean;
  readonly uuid?: string | null;
  readonly label?: string | null;
}

/**
 * The volume of a partition. A range that is not on the disk is no reason to throw: the volume gets a `problem`, and its
 * `size` and `source` are the part that is there, as Linux cuts such partitions off at the end of the disk.
 * @param disk the disk that the range is on
 * @param format the table's format, for the code of the problem: `mbr`, `gpt`
 */
export function partitionVolume(disk: ByteSource, format: string, claim: PartitionClaim): Volume {
  const { start, size } = claim;
  let problem: Problem | null = null;
  const say = (what: string, message: string): void => {
    problem = problemOf(
      new TygrubError('corrupt', `${format}.${what}`, message, { hint: 'the disk is cut off, or its partition table is damaged' }),
    );
  };
  let from = start ?? disk.size;
  let length = size ?? 0;
  if (start === null || start >= disk.size) {
    say(
      'partition-outside',
      `the partition ${claim.name} starts ${start === null ? 'impossibly far' : `at byte ${start},`} past the end of the disk (${disk.size} bytes)`,
    );
    from = disk.size;
    length = 0;
  } else if (size === null || size > disk.size - start) {
    say(
      'partition-cut',
      `the partition ${claim.name} ends ${size === null ? 'impossibly far' : `at byte ${start + size},`} past the end of the disk (${disk.size} bytes)`,
    );
    length = disk.size - start;
  } else if (size <= 0) {
    say('partition-empty', `the partition ${claim.name} ends before it starts`);
    length = 0;
  }
  return {
    name: claim.name,
    start: start ?? from,
    size: length,
    type: claim.type,
    active: claim.active ?? false,
    uuid: claim.uuid ?? null,
    label: claim.label ?? null,
    source: length === 0 ? new MemorySource(new Uint8Array(0)) : new SliceSource(disk, from, length),
    problem,
  };
}

/** The disk itself as a volume: where there is no table, or a filesystem that covers the table (ISO 9660). */
export function wholeDisk(disk: ByteSource): Volume {
  return { name: 'whole', start: 0, size: disk.size, type: null, active: false, uuid: null, label: null, source: disk, problem: null };
}
