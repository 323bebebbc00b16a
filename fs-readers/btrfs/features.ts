/** Feature bits of the superblock (`incompat_flags`): which are read, and what the others are called. */
import { corrupt, unsupported } from '../../src/errors.js';

/** Bits of the low half. */
export const INCOMPAT = {
  MIXED_GROUPS: 0x4,
  NO_HOLES: 0x200,
  METADATA_UUID: 0x400,
} as const;

/** All known bits with the names that the kernel shows in sysfs, and whether they are read. */
const KNOWN: readonly (readonly [bit: number, name: string, read: boolean])[] = [
  [0x1, 'mixed_backref', true],
  [0x2, 'default_subvol', true],
  [0x4, 'mixed_groups', true],
  [0x8, 'compress_lzo', true],
  [0x10, 'compress_zstd', true],
  [0x20, 'big_metadata', true],
  [0x40, 'extended_iref', true],
  // The chunks that have such a profile are refused one by one.
  [0x80, 'raid56', true],
  [0x100, 'skinny_metadata', true],
  [0x200, 'no_holes', true],
  [0x400, 'metadata_uuid', true],
  [0x800, 'raid1c34', true],
  [0x1000, 'zoned', false],
  [0x2000, 'extent_tree_v2', false],
  [0x4000, 'raid_stripe_tree', false],
  [0x10000, 'simple_quota', true],
];

/**
 * Refuses a filesystem whose features change what tygrub would have to know.
 * @throws TygrubError unsupported `btrfs.incompat-feature` naming them all
 */
export function checkFeatures(incompat: { readonly high: number; readonly low: number }): void {
  const refused = KNOWN.filter(([bit, , read]) => !read && (incompat.low & bit) !== 0).map(([, name]) => name);
  const known = KNOWN.reduce((all, [bit]) => all | bit, 0);
  for (let bit = 0; bit < 64; bit++) {
    const half = bit < 32 ? incompat.low & ~known : incompat.high;
    if (((half >>> (bit % 32)) & 1) !== 0) refused.push(`bit ${bit}`);
  }
  if (refused.length === 0) return;
  throw unsupported('btrfs.incompat-feature', `the filesystem has features that tygrub does not read: ${refused.join(', ')}`);
}

/** Names of checks that fail before any feature counts. */
export function badSuperblock(message: string, offset: number) {
  return corrupt('btrfs.superblock', `the superblock is damaged: ${message}`, { offset });
}
