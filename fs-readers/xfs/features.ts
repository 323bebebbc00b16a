/** Feature bits of the superblock (`xfs_format.h`). */

/** `sb_versionnum`: the number of the version and the bits of version 4. */
export const VERSION_NUMBER_MASK = 0xf;
export const VERSION_BIT = { LOGV2: 0x0400, DIRV2: 0x2000, ASCII_CI: 0x4000, MOREBITS: 0x8000 } as const;

/** `sb_features2`. */
export const FEATURE2 = { PROJID32: 0x80, CRC: 0x100, FTYPE: 0x200 } as const;

/** `sb_features_incompat` of version 5. */
export const INCOMPAT = {
  FTYPE: 0x1,
  SPINODES: 0x2,
  META_UUID: 0x4,
  BIGTIME: 0x8,
  NEEDSREPAIR: 0x10,
  NREXT64: 0x20,
  EXCHRANGE: 0x40,
  PARENT: 0x80,
} as const;

/** Known features that change what the readers would have to know. */
const UNREAD = new Map<number, string>([
  [0x100, 'metadir (metadata directories and realtime groups)'],
  [0x200, 'zoned'],
  [0x400, 'zone_gaps'],
]);

const READ = Object.values(INCOMPAT).reduce((all, bit) => all | bit, 0);
const BITS = 32;

/** Names of the incompatible features that are not read; unknown ones by their bit. */
export function unreadIncompatible(bits: number): string[] {
  const names: string[] = [];
  for (let i = 0; i < BITS; i++) {
    const bit = 2 ** i;
    if ((bits & ~READ & bit) !== 0) names.push(UNREAD.get(bit) ?? `unknown bit ${i}`);
  }
  return names;
}
