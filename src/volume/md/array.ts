/** Putting the members of one array together. */
import { corrupt, limitReached, notFound, type TygrubError, unsupported } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { ByteSource } from '../../source/byte-source.js';
import { ConcatenatedSource } from '../../source/concatenation.js';
import { SliceSource } from '../../source/slice.js';
import { StripedSource } from '../striping.js';
import { LEVEL_LINEAR, LEVEL_RAID0, LEVEL_RAID1, RAID0_ALT_MULTIZONE_LAYOUT, RAID0_ORIG_LAYOUT } from './layout.js';
import type { MdMember } from './member.js';
import { Raid0Source, type Raid0Zone } from './raid0-zones.js';

/** The members of an array, the newest first, and those whose data counts. */
export interface MdArray {
  readonly newest: MdMember;
  readonly members: readonly MdMember[];
  /** By place in the array: the member to read there. */
  readonly current: ReadonlyMap<number, MdMember>;
}

/**
 * Decides which members are current, as the kernel does: the superblock that has seen the most events knows who is in the
 * array; a member more than one event behind was thrown out and is stale.
 * @param members at least one, all of one array
 */
export function mdArray(members: readonly MdMember[]): MdArray {
  const ordered = [...members].sort((a, b) => b.events - a.events);
  const newest = ordered[0] as MdMember;
  const current = new Map<number, MdMember>();
  for (const member of ordered) {
    if (member.role === null || member.rebuilding || current.has(member.role)) continue;
    if (member.events + 1 >= newest.events && newest.isActive(member.number)) current.set(member.role, member);
  }
  return { newest, members: ordered, current };
}

const LEVELS: ReadonlyMap<number, string> = new Map([
  [4, 'RAID 4'],
  [5, 'RAID 5'],
  [6, 'RAID 6'],
  [10, 'RAID 10'],
  [-4, 'multipath'],
  [-5, 'faulty'],
]);

/**
 * The array's content.
 * @param called the array's name, for messages
 * @throws TygrubError unsupported for levels that are not read, not-found when a needed member is missing, corrupt
 */
export function arraySource(array: MdArray, called: string, limits: Limits): ByteSource {
  const { level, raidDisks } = array.newest;
  if (level === LEVEL_RAID1) return mirror(array, called);
  if (level !== LEVEL_RAID0 && level !== LEVEL_LINEAR) {
    const name = LEVELS.get(level) ?? `level ${level}`;
    throw unsupported('md.level', `${called} is an md array of ${name}, which tygrub does not read`, {
      hint: 'keep /boot on RAID 1, RAID 0 or linear',
    });
  }
  if (raidDisks > limits.volumes) throw limitReached('volumes', `${called} claims ${raidDisks} members`);
  const ordered: MdMember[] = [];
  for (let role = 0; role < raidDisks; role++) {
    const member = array.current.get(role);
    if (member === undefined) throw missing(array, called, role);
    ordered.push(member);
  }
  if (ordered.length === 0) throw corrupt('md.no-disks', `${called} claims to have no members at all`);
  return level === LEVEL_LINEAR ? linear(ordered) : raid0(ordered, array.newest, called);
}

function missing(array: MdArray, called: string, role: number): TygrubError {
  const there = array.members.map((m) => `${m.where} is ${m.role === null ? 'no active member' : `member ${m.role}`}`).join(', ');
  return notFound(
    'md.member-missing',
    `member ${role} of the md array ${called} (${array.newest.raidDisks} members) is not there: ${there}`,
    {
      hint: 'name all disks of the guest',
    },
  );
}

/** One current member is the whole array. */
function mirror(array: MdArray, called: string): ByteSource {
  const member = array.current.get(Math.min(...array.current.keys()));
  if (member === undefined) {
    throw notFound(
      'md.no-current-member',
      `no member of the md array ${called} that was given has all of its data (spare, failed or being rebuilt)`,
      {
        hint: 'name all disks of the guest',
      },
    );
  }
  return data(member, member.usedSize === 0 ? member.dataSize : member.usedSize);
}

/** `size` bytes of a member's data. */
function data(member: MdMember, size: number): ByteSource {
  if (size > member.source.size - member.dataOffset) {
    throw corrupt(
      'md.member-cut',
      `${member.where} ends before the data that its md superblock describes (${size} bytes at byte ${member.dataOffset})`,
      {
        hint: 'the disk is cut off',
      },
    );
  }
  return new SliceSource(member.source, member.dataOffset, size);
}

/** What a member gives to an array without redundancy: whole chunks of its room. */
function share(member: MdMember, chunkSize: number): ByteSource {
  const size = chunkSize === 0 ? member.dataSize : member.dataSize - (member.dataSize % chunkSize);
  return data(member, size);
}

function linear(members: readonly MdMember[]): ByteSource {
  return new ConcatenatedSource(members.map((member) => share(member, member.chunkSize)));
}

/**
 * Members of equal size are one zone. Where they differ, the larger ones go on in further zones, and two generations of
 * kernels disagreed about which member comes first there: the superblock must say.
 */
function raid0(members: readonly MdMember[], newest: MdMember, called: string): ByteSource {
  const { chunkSize } = newest;
  if (chunkSize <= 0 || chunkSize % 512 !== 0) throw corrupt('md.chunk-size', `the md array ${called} claims chunks of ${chunkSize} bytes`);
  const shares = members.map((member) => share(member, chunkSize));
  const sizes = [...new Set(shares.map((source) => source.size))].filter((size) => size > 0).sort((a, b) => a - b);
  const first = sizes[0];
  if (first === undefined) throw corrupt('md.no-data', `the members of the md array ${called} have no room for data`);
  if (sizes.length === 1 && shares.every((source) => source.size === first))
    return new StripedSource(shares, chunkSize, first * shares.length);
  const { layout, layoutKnown } = newest;
  if (!layoutKnown || (layout !== RAID0_ORIG_LAYOUT && layout !== RAID0_ALT_MULTIZONE_LAYOUT)) {
    throw unsupported(
      'md.raid0-layout',
      `the members of the RAID 0 ${called} differ in size, and its superblock does not say how they are laid out`,
      {
        hint: 'let a recent kernel write the layout (mdadm --assemble --update=layout-original or layout-alternate)',
      },
    );
  }
  const zones: Raid0Zone[] = [];
  let start = 0;
  let deviceStart = 0;
  for (const size of sizes) {
    const stripes = shares.filter((source) => source.size >= size);
    const length = (size - deviceStart) * stripes.length;
    zones.push({ start, length, deviceStart, stripes });
    start += length;
    deviceStart = size;
  }
  return new Raid0Source(zones, chunkSize, layout === RAID0_ORIG_LAYOUT);
}
