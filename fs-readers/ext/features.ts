/** The feature bits of the superblock: their names, and which of them this reader understands. */

export const COMPAT = {
  HAS_JOURNAL: 0x4,
  DIR_INDEX: 0x20,
  SPARSE_SUPER2: 0x200,
} as const;

export const INCOMPAT = {
  FILETYPE: 0x2,
  RECOVER: 0x4,
  JOURNAL_DEV: 0x8,
  META_BG: 0x10,
  EXTENTS: 0x40,
  '64BIT': 0x80,
  MMP: 0x100,
  FLEX_BG: 0x200,
  EA_INODE: 0x400,
  CSUM_SEED: 0x2000,
  LARGEDIR: 0x4000,
  INLINE_DATA: 0x8000,
  ENCRYPT: 0x10000,
  CASEFOLD: 0x20000,
} as const;

export const RO_COMPAT = {
  SPARSE_SUPER: 0x1,
  LARGE_FILE: 0x2,
  BTREE_DIR: 0x4,
  HUGE_FILE: 0x8,
  GDT_CSUM: 0x10,
  BIGALLOC: 0x200,
  METADATA_CSUM: 0x400,
  PROJECT: 0x2000,
} as const;

/** Names of the incompatible features as `dumpe2fs` prints them. */
const INCOMPAT_NAMES = new Map<number, string>([
  [0x1, 'compression'],
  [0x2, 'filetype'],
  [0x4, 'needs_recovery'],
  [0x8, 'journal_dev'],
  [0x10, 'meta_bg'],
  [0x40, 'extent'],
  [0x80, '64bit'],
  [0x100, 'mmp'],
  [0x200, 'flex_bg'],
  [0x400, 'ea_inode'],
  [0x1000, 'dirdata'],
  [0x2000, 'metadata_csum_seed'],
  [0x4000, 'large_dir'],
  [0x8000, 'inline_data'],
  [0x10000, 'encrypt'],
  [0x20000, 'casefold'],
]);

const READ_INCOMPAT = Object.values(INCOMPAT).reduce((all, bit) => all | bit, 0) & ~INCOMPAT.JOURNAL_DEV;

/** Names of the incompatible features in `bits` that this reader does not know how to read; empty when there is none. */
export function unknownIncompatible(bits: number): string[] {
  const names: string[] = [];
  for (let n = 0; n < 32; n++) {
    const bit = 2 ** n;
    if ((bits & ~READ_INCOMPAT & bit) === 0) continue;
    // `FEATURE_I30` is how e2fsprogs calls a bit without a name.
    names.push(INCOMPAT_NAMES.get(bit) ?? `FEATURE_I${n}`);
  }
  return names;
}

const EXT2_INCOMPAT = INCOMPAT.FILETYPE | INCOMPAT.META_BG;
const EXT3_INCOMPAT = EXT2_INCOMPAT | INCOMPAT.RECOVER;
const EXT2_RO_COMPAT = RO_COMPAT.SPARSE_SUPER | RO_COMPAT.LARGE_FILE | RO_COMPAT.BTREE_DIR;

/** The name of the filesystem as libblkid decides it: by what an ext2 or ext3 driver could have mounted. */
export function typeName(compat: number, incompat: number, roCompat: number): 'ext2' | 'ext3' | 'ext4' {
  if ((roCompat & ~EXT2_RO_COMPAT) !== 0) return 'ext4';
  if ((compat & COMPAT.HAS_JOURNAL) === 0) return (incompat & ~EXT2_INCOMPAT) === 0 ? 'ext2' : 'ext4';
  return (incompat & ~EXT3_INCOMPAT) === 0 ? 'ext3' : 'ext4';
}
