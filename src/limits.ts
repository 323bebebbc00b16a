/**
 * All bounds of tygrub, in one place. A hostile disk must not cost more than a bounded amount of time, memory, output or
 * recursion; each reader takes its bounds from the `Limits` it is given and names the bound when it is reached.
 *
 * A new bound is a new field here with its reason; readers never have numbers of their own.
 */
export interface Limits {
  /** Bytes of one file that may be extracted (kernel, initrd, `cp`). libxl itself maps at most 1 GiB of each. */
  readonly fileSize: number;
  /** Bytes of one configuration file (grub.cfg, loader entry, os-release) that is parsed. Real ones stay below 1 MiB. */
  readonly configSize: number;
  /** Bytes of configuration read for one menu, a file counted as often as it is read: real disks stay below 1 MiB. */
  readonly configTotalSize: number;
  /** Bytes of one path, as Linux's PATH_MAX. */
  readonly pathLength: number;
  /** Components of one path after all symbolic links were followed. */
  readonly pathDepth: number;
  /** Symbolic links followed for one path, as Linux's MAXSYMLINKS. */
  readonly symlinks: number;
  /** Names read from one directory. */
  readonly directoryEntries: number;
  /** Bytes of directory content read for one directory. */
  readonly directorySize: number;
  /** Warnings kept for one filesystem: each damaged name may make one. */
  readonly warnings: number;
  /** Depth of directories in a recursive walk. */
  readonly walkDepth: number;
  /** Levels of an on-disk tree (extent tree, B+tree). */
  readonly treeDepth: number;
  /** Nodes of on-disk trees visited for one lookup or one mapping. */
  readonly treeNodes: number;
  /** Partitions, logical partitions or logical volumes of one disk. */
  readonly volumes: number;
  /** Bytes of one partition table's entry array (GPT: 128 bytes an entry). 16 KiB is what all tools write. */
  readonly partitionTableSize: number;
  /** Bytes of all the volume managers' metadata of a guest that differ (LVM2's texts). Areas are 1 MiB by default, a text a few KiB. */
  readonly volumeMetadataSize: number;
  /** Members of a chain of VHD parents or qcow2 backing files. */
  readonly chainLength: number;
  /** Bytes searched backwards for a stranded VHD footer, in files that are too large for a search of the whole. */
  readonly footerScan: number;
  /** Bytes of a file that is searched as a whole for a stranded VHD footer. */
  readonly footerScanWhole: number;
  /** Bytes of one VHD's block allocation table that are kept; 4 MiB is the whole table of a 2 TiB disk. */
  readonly batCacheSize: number;
  /** Bytes of one VHD's block bitmaps that are kept. */
  readonly bitmapCacheSize: number;
  /** Entries of one VHD's block allocation table that are looked at as a whole (`vhd check`); 2 TiB of 2 MiB blocks are 1 Mi. */
  readonly tableEntries: number;
  /** VHDs of a directory whose footers are read in search of a parent by its UUID. */
  readonly parentSearch: number;
  /** Bytes of a file that names another one (`.alias.vhd`), as Xen Orchestra limits it. */
  readonly aliasSize: number;
  /** Bytes of one VHD parent locator's payload. */
  readonly parentLocatorSize: number;
  /** Bytes of a VHD that `vhd repair` replaces or cuts off, all of which it keeps: three sectors, or the slack after a file's data. */
  readonly repairBackup: number;
  /** Bytes of a journal or log that is replayed in memory. */
  readonly journalSize: number;
  /** Blocks that a replayed journal may replace; a log of 1 GiB, the largest that mke2fs makes, has this many of 4 KiB. */
  readonly journalBlocks: number;
  /** Bytes of a log's transactions that are kept until they commit; Linux starts to write at 32 MiB and waits at twice that. */
  readonly logPending: number;
  /** Records of fast commits that are replayed; the area of 256 blocks that mke2fs makes holds fewer. */
  readonly fastCommitRecords: number;
  /** Bytes of changes that a btrfs log tree makes, 128 for each item added; one kernel's installation makes less than 1 MiB. */
  readonly logTreeSize: number;
  /** Items that the replay of btrfs log trees looks at: it goes through a directory for each range that its log tells about. */
  readonly logTreeSteps: number;
  /** Chunks of a btrfs filesystem that are kept; data chunks have 1 GiB as a rule. */
  readonly chunks: number;
  /** Bytes of a btrfs filesystem's tree blocks that are kept decoded. */
  readonly treeCacheSize: number;
  /** Bytes of one extended attribute (Linux's XATTR_SIZE_MAX). */
  readonly attributeSize: number;
  /** Bytes of all extended attributes of one file; Linux bounds only their names, to 64 KiB. */
  readonly attributesSize: number;
  /** Names of files remembered while a boot menu is read, found or not. */
  readonly cachedNames: number;
  /** Bytes kept in the block cache of one disk. */
  readonly cacheSize: number;
  /** Commands that one boot script may execute. */
  readonly scriptSteps: number;
  /** Nesting of blocks, functions and includes of a boot script. */
  readonly scriptNesting: number;
  /** Characters that expansions of one boot script may produce in all. */
  readonly expansionSize: number;
  /** Steps of one compiled pattern (regular expression) of a boot script; matching costs this times the text's length. */
  readonly patternSize: number;
  /** Files that a boot configuration may include, all together. */
  readonly includes: number;
  /** Entries of one boot menu, submenu entries included. */
  readonly menuEntries: number;
  /** Warnings kept for one boot configuration; each odd line of a config may give one. */
  readonly configWarnings: number;
  /** Files that one entry of a boot menu may load; each is looked up when the menu is read. */
  readonly entryFiles: number;
  /** Sections of one PE image; a unified kernel image has about twenty for each profile. */
  readonly peSections: number;
  /** Bytes of one GRUB environment block. */
  readonly environmentSize: number;
  /** Bytes that a decompressor may put out for one payload (Xen's XC_DOM_DECOMPRESS_MAX). */
  readonly decompressedSize: number;
  /** Bytes of window that a decompressor may keep. */
  readonly decompressorWindow: number;
  /** Rounds of PBKDF2 for a menu's password; GRUB's own tool uses 10,000, and the guest chooses the number. */
  readonly passwordIterations: number;
  /** Characters of one line that is typed or edited in the menu, so that a stuck key cannot fill memory. */
  readonly typedLine: number;
  /** Lines kept of what a person typed, edits and sees at the menu's command line. */
  readonly typedLines: number;
  /** Times that a kernel is decompressed from its start to look at it: notes, then sections, then what they point to. */
  readonly kernelPasses: number;
  /** Bytes of a program that is no kernel in which its name is looked for; iPXE's and the EFI shell's lie within 1 MiB. */
  readonly nameSearch: number;
  /** Program headers or section headers of a kernel. Real ones have below 100. */
  readonly elfHeaders: number;
  /** Notes of a kernel, as Xen's ELF_MAX_TOTAL_NOTE_COUNT. */
  readonly elfNotes: number;
  /** Bytes of all notes of a kernel. Real ones have below 1 KiB. */
  readonly elfNotesSize: number;
  /** Entries of a cpio archive that are walked to find its end. */
  readonly cpioEntries: number;
}

const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;

/** The documented defaults. */
export const DEFAULT_LIMITS: Limits = Object.freeze({
  fileSize: 1 * GiB,
  configSize: 4 * MiB,
  configTotalSize: 256 * MiB,
  pathLength: 4096,
  pathDepth: 1024,
  symlinks: 40,
  directoryEntries: 2_000_000,
  directorySize: 256 * MiB,
  warnings: 1000,
  walkDepth: 256,
  treeDepth: 16,
  treeNodes: 1_000_000,
  volumes: 1024,
  partitionTableSize: 1 * MiB,
  volumeMetadataSize: 16 * MiB,
  chainLength: 64,
  footerScan: 4 * GiB,
  footerScanWhole: 64 * GiB,
  batCacheSize: 4 * MiB,
  bitmapCacheSize: 1 * MiB,
  tableEntries: 16 * 1_048_576,
  parentSearch: 1024,
  aliasSize: 1 * KiB,
  parentLocatorSize: 64 * KiB,
  repairBackup: 64 * MiB,
  journalSize: 1 * GiB,
  journalBlocks: 262_144,
  logPending: 128 * MiB,
  fastCommitRecords: 65_536,
  logTreeSize: 64 * MiB,
  logTreeSteps: 4_000_000,
  chunks: 262_144,
  treeCacheSize: 4 * MiB,
  attributeSize: 64 * KiB,
  attributesSize: 16 * MiB,
  cachedNames: 8192,
  cacheSize: 8 * MiB,
  scriptSteps: 200_000,
  scriptNesting: 64,
  expansionSize: 16 * MiB,
  patternSize: 10_000,
  includes: 256,
  menuEntries: 4096,
  configWarnings: 1000,
  entryFiles: 256,
  peSections: 1024,
  environmentSize: 64 * KiB,
  decompressedSize: 1 * GiB,
  decompressorWindow: 128 * MiB,
  passwordIterations: 5_000_000,
  typedLine: 8192,
  typedLines: 4096,
  kernelPasses: 4,
  nameSearch: 2 * MiB,
  elfHeaders: 4096,
  elfNotes: 65_536,
  elfNotesSize: 1 * MiB,
  cpioEntries: 1_000_000,
});

/** The defaults with some bounds replaced. */
export function withLimits(changes: Partial<Limits>): Limits {
  return Object.freeze({ ...DEFAULT_LIMITS, ...changes });
}
