/** On-disk structures of qcow2, by the names of QEMU's docs/interop/qcow2.rst. All integers are big-endian. */
import { flags64, layout, u8, u32, u64 } from '../../bytes/layout.js';

/** `QFI\xfb`. */
export const MAGIC = 0x514649fb;

/** What a probe looks at: the other fields of what is no qcow2 may be anything. */
export const HEADER_MAGIC = layout('qcow2 magic', 4, 'big', { magic: [0, u32] });

/** The header's part that version 2 and 3 share. */
export const HEADER = layout('qcow2 header', 72, 'big', {
  magic: [0, u32],
  version: [4, u32],
  backingFileOffset: [8, u64],
  backingFileSize: [16, u32],
  clusterBits: [20, u32],
  size: [24, u64],
  cryptMethod: [32, u32],
  l1Size: [36, u32],
  l1TableOffset: [40, u64],
  refcountTableOffset: [48, u64],
  refcountTableClusters: [56, u32],
  nbSnapshots: [60, u32],
  snapshotsOffset: [64, u64],
});

/** What version 3 adds, from byte 72 of the file. */
export const HEADER_V3 = layout('qcow2 version 3 header', 32, 'big', {
  incompatibleFeatures: [0, flags64],
  compatibleFeatures: [8, flags64],
  autoclearFeatures: [16, flags64],
  refcountOrder: [24, u32],
  headerLength: [28, u32],
});

/** Byte 104 of the file, where `headerLength` covers it. */
export const COMPRESSION_TYPE = layout('qcow2 compression type', 1, 'big', { compressionType: [0, u8] });

export const HEADER_EXTENSION = layout('qcow2 header extension', 8, 'big', { type: [0, u32], length: [4, u32] });

export const ExtensionType = { end: 0, backingFormat: 0xe2792aca, externalDataFile: 0x44415441 } as const;

/** A table entry of 64 bits, in halves: bits 62 and 63 are flags, bits 9 to 55 an offset. */
export const TABLE_ENTRY = layout('qcow2 table entry', 8, 'big', { entry: [0, flags64] });

/** Bits of `incompatibleFeatures`, with the names of the specification. */
export const INCOMPATIBLE_FEATURES: readonly (readonly [bit: number, name: string])[] = [
  [0, 'dirty'],
  [1, 'corrupt'],
  [2, 'external data file'],
  [3, 'compression type'],
  [4, 'extended L2 entries'],
];

/** Subclusters of a cluster with extended L2 entries. */
export const SUBCLUSTERS = 32;
