/**
 * ISO 9660's structures, by the names of ECMA-119 (in the kernel's spelling), and those of the System Use Sharing
 * Protocol (IEEE P1281) and Rock Ridge (IEEE P1282). Numbers that the standard stores in both byte orders are read from
 * their little-endian half, as Linux and GRUB do.
 */
import { ascii, bytes, type Decoded, layout, u8, u16, u32 } from '../../src/bytes/layout.js';
import { SECTOR } from './descriptor-id.js';

/** Descriptors are looked for up to here, as Linux does. */
export const LAST_DESCRIPTOR = 99;

/** `type` of a volume descriptor. */
export const TYPE_PRIMARY = 1;
export const TYPE_SUPPLEMENTARY = 2;
export const TYPE_END = 255;

/** Primary (8.4) and supplementary (8.5) volume descriptors have the same fields; `escape_sequences` is the latter's. */
export const PRIMARY_DESCRIPTOR = layout('ISO 9660 primary volume descriptor', SECTOR, 'little', {
  volume_id: [40, bytes(32)],
  volume_space_size: [80, u32],
  escape_sequences: [88, bytes(32)],
  logical_block_size: [128, u16],
  root_directory_record: [156, bytes(34)],
  creation_date: [813, bytes(17)],
  modification_date: [830, bytes(17)],
});

export type VolumeDescriptor = Decoded<typeof PRIMARY_DESCRIPTOR>;

/** Third byte of Joliet's escape sequences: `%/@`, `%/C`, `%/E` for UCS-2 levels 1, 2 and 3. */
export const JOLIET_LEVELS: ReadonlySet<number> = new Set([0x40, 0x43, 0x45]);

/** The fixed part of a directory record (9.1); the name follows, then a pad byte if needed, then system use fields. */
export const DIRECTORY_RECORD = layout('ISO 9660 directory record', 33, 'little', {
  length: [0, u8],
  ext_attr_length: [1, u8],
  extent: [2, u32],
  size: [10, u32],
  date: [18, bytes(7)],
  flags: [25, u8],
  file_unit_size: [26, u8],
  interleave: [27, u8],
  name_len: [32, u8],
});

export type DirectoryRecordFields = Decoded<typeof DIRECTORY_RECORD>;

/** Longest directory record: its length is one byte. */
export const MAX_RECORD = 255;

/** Bits of a directory record's `flags` (9.1.6). */
export const FLAG_DIRECTORY = 0x02;
export const FLAG_ASSOCIATED = 0x04;
export const FLAG_MULTI_EXTENT = 0x80;

/** What all system use entries start with (SUSP 4.1). */
export const SYSTEM_USE_ENTRY = layout('system use entry', 4, 'little', {
  signature: [0, ascii(2)],
  length: [2, u8],
  version: [3, u8],
});

/** CE: where the system use area goes on (SUSP 5.1). */
export const CE = layout('CE entry', 28, 'little', { extent: [4, u32], offset: [12, u32], size: [20, u32] });
/** SP: the protocol is in use (SUSP 5.3). */
export const SP = layout('SP entry', 7, 'little', { check: [4, bytes(2)], skip: [6, u8] });
export const SP_CHECK = [0xbe, 0xef] as const;
/** ER: which extension is in use (SUSP 5.5). */
export const ER = layout('ER entry', 8, 'little', { id_length: [4, u8] });
/** RR: which entries there are, in the first edition of Rock Ridge. */
export const RR = layout('RR entry', 5, 'little', { flags: [4, u8] });
export const RR_NAME = 0x08;
/** PX: POSIX attributes (RRIP 4.1.1). */
export const PX = layout('PX entry', 36, 'little', { mode: [4, u32], links: [12, u32], uid: [20, u32], gid: [28, u32] });
/** PN: device number (RRIP 4.1.2). */
export const PN = layout('PN entry', 20, 'little', { high: [4, u32], low: [12, u32] });
/** SL: symbolic link (RRIP 4.1.3); component records follow. */
export const SL = layout('SL entry', 5, 'little', { flags: [4, u8] });
export const SL_COMPONENT = layout('SL component record', 2, 'little', { flags: [0, u8], length: [1, u8] });
/** NM: alternate name (RRIP 4.1.4); the name follows. */
export const NM = layout('NM entry', 5, 'little', { flags: [4, u8] });
/** CL: where the relocated directory is (RRIP 4.1.5.1). */
export const CL = layout('CL entry', 12, 'little', { location: [4, u32] });
/** TF: times (RRIP 4.1.6); stamps of 7 or 17 bytes follow. */
export const TF = layout('TF entry', 5, 'little', { flags: [4, u8] });
/** ZF: the content is compressed (zisofs). */
export const ZF = layout('ZF entry', 16, 'little', {
  algorithm: [4, ascii(2)],
  header_size: [6, u8],
  log2_block_size: [7, u8],
  size: [8, u32],
});

/** The fixed part of each entry that is read; a shorter one is damaged. */
export const FIXED_PARTS: ReadonlyMap<string, number> = new Map(
  Object.entries({ CE, SP, ER, RR, PX, PN, SL, NM, CL, TF, ZF }).map(([signature, { size }]) => [signature, size]),
);

/** Bits of NM's `flags`: the name goes on in the next NM; the name is `.`; it is `..`. */
export const NM_CONTINUE = 0x01;
export const NM_CURRENT = 0x02;
export const NM_PARENT = 0x04;

/** Bits of SL's `flags` and of a component's: it goes on in the next one; the component is `.`, `..`, `/`. */
export const SL_CONTINUE = 0x01;
export const SL_CURRENT = 0x02;
export const SL_PARENT = 0x04;
export const SL_ROOT = 0x08;

/** Bits of TF's `flags`, in the order of the stamps; and the form of the stamps. */
export const TF_CREATION = 0x01;
export const TF_MODIFY = 0x02;
export const TF_ACCESS = 0x04;
export const TF_ATTRIBUTES = 0x08;
export const TF_LONG_FORM = 0x80;
