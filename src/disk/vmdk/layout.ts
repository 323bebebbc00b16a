/** On-disk structures of VMDK's hosted sparse extents, by the names of VMware's "Virtual Disk Format 5.0". Little-endian. */
import { ascii, layout, u8, u16, u32, u64, u64OrNone } from '../../bytes/layout.js';

/** Everything in a VMDK is counted in these. */
export const SECTOR = 512;

export const SPARSE_EXTENT_HEADER = layout('VMDK sparse extent header', 512, 'little', {
  magicNumber: [0, ascii(4)],
  version: [4, u32],
  flags: [8, u32],
  capacity: [12, u64],
  grainSize: [20, u64],
  descriptorOffset: [28, u64],
  descriptorSize: [36, u64],
  numGTEsPerGT: [44, u32],
  rgdOffset: [48, u64OrNone],
  /** All ones in a streamOptimized extent: the footer has the real one. */
  gdOffset: [56, u64OrNone],
  overHead: [64, u64],
  uncleanShutdown: [72, u8],
  singleEndLineChar: [73, ascii(1)],
  nonEndLineChar: [74, ascii(1)],
  doubleEndLineChars: [75, ascii(2)],
  compressAlgorithm: [77, u16],
});

/** `magicNumber` of hosted sparse extents. */
export const SPARSE_MAGIC = 'KDMV';
/** The first bytes of ESX server's sparse extents, which are another format. */
export const COWD_MAGIC = 'COWD';

/** Bits of `flags`. */
export const Flag = { newLineTest: 1, redundantGrainTable: 2, zeroGrainTableEntry: 4, compressed: 0x10000, markers: 0x20000 } as const;

/** What stands before the data of a compressed grain. */
export const GRAIN_MARKER = layout('VMDK grain marker', 12, 'little', { lba: [0, u64], dataSize: [8, u32] });

/** Where the footer of a streamOptimized extent starts, counted back from the end of the file. */
export const FOOTER_FROM_END = 2 * SECTOR;

/** The first line of every descriptor. */
export const DESCRIPTOR_START = '# Disk DescriptorFile';
