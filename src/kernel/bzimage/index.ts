/** x86 bzImages: what the header says. */
import { decodeLatin1, untilNul } from '../../bytes/text.js';
import { xzDictionarySize } from '../../codec/xz/dictionary-size.js';
import { corrupt, limitReached, type Problem, problemOf } from '../../errors.js';
import type { Limits } from '../../limits.js';
import { type CompressionKind, compressionOf, MAGIC_SIZE } from '../compression.js';
import { isElf } from '../elf/magic.js';
import type { KernelPayload } from '../kernel-info.js';
import { type ProgramBytes, readExactly } from '../program-bytes.js';
import { BOOT_FLAG, HDRS, PROTOCOL, SECTOR, SETUP_HEADER, SIZE_TRAILER, VERSION_BASE, XLF_KERNEL_64 } from './layout.js';

/** Bytes of a version text that are read; Linux's have about 100. */
const MAX_VERSION = 512;

/** Bytes of a payload that hold its magic number, and the headers of xz. */
const XZ_HEAD = 1040;

/** A bzImage's header, decoded. */
export interface BzImage {
  /** `2.15`. */
  readonly protocol: string;
  readonly version: string | null;
  /** Null for protocols that do not tell. */
  readonly is64Bit: boolean | null;
  readonly efiStub: boolean;
  readonly payload: KernelPayload | null;
  readonly compression: CompressionKind | null;
  /** Why there is no payload although the protocol has one. */
  readonly problem: Problem | null;
}

/** True when the program has Linux's header for x86. @param head its first bytes */
export function isBzImage(head: Uint8Array): boolean {
  if (head.length < SETUP_HEADER.size) return false;
  const { header, boot_flag } = SETUP_HEADER.decode(head);
  return header === HDRS && boot_flag === BOOT_FLAG;
}

/**
 * Reads the header, the version text and the first bytes of the payload.
 * @param head the first `SETUP_HEADER.size` bytes at least
 */
export async function readBzImage(program: ProgramBytes, head: Uint8Array): Promise<BzImage> {
  const header = SETUP_HEADER.decode(head);
  const hasPayload = header.version >= PROTOCOL.payload;
  const base = {
    protocol: `${header.version >> 8}.${String(header.version & 0xff).padStart(2, '0')}`,
    version: await readVersion(program, header.kernel_version),
    is64Bit: header.version >= PROTOCOL.xloadflags ? (header.xloadflags & XLF_KERNEL_64) !== 0 : null,
    efiStub: head[0] === 0x4d && head[1] === 0x5a,
  };
  if (!hasPayload || header.payload_length === 0) return { ...base, payload: null, compression: null, problem: null };
  // Both are 32-bit numbers from the file: their sum is exact here, and must lie inside the file.
  const offset = (header.setup_sects + 1) * SECTOR + header.payload_offset;
  const size = header.payload_length;
  if (size < SIZE_TRAILER.size || (program.size !== null && offset + size > program.size)) {
    const { code, message } = problemOf(
      corrupt('bzimage.payload-place', `the payload (${size} bytes at byte ${offset}) does not lie inside the bzImage`),
    );
    return { ...base, payload: null, compression: null, problem: { code, message } };
  }
  const magic = await readExactly(program, offset, Math.min(size, XZ_HEAD), 'the payload of the bzImage');
  const compression = compressionOf(magic.subarray(0, MAGIC_SIZE));
  const isPlain = compression === null && isElf(magic);
  const trailer = compression === null || program.source === null ? null : await readTrailer(program, offset + size);
  return {
    ...base,
    payload: {
      offset,
      size,
      compression: isPlain ? 'none' : (compression?.name ?? null),
      uncompressedSize: trailer,
      dictionarySize: compression?.name === 'xz' ? xzDictionarySize(magic) : null,
    },
    compression,
    problem: null,
  };
}

async function readTrailer(program: ProgramBytes, end: number): Promise<number> {
  const bytes = await readExactly(program, end - SIZE_TRAILER.size, SIZE_TRAILER.size, 'the end of the payload');
  return SIZE_TRAILER.decode(bytes).size;
}

async function readVersion(program: ProgramBytes, pointer: number): Promise<string | null> {
  if (pointer === 0) return null;
  const text = decodeLatin1(untilNul(await program.readUpTo(VERSION_BASE + pointer, MAX_VERSION))).trim();
  return /^[\x20-\x7e]+$/.test(text) ? text : null;
}

/** @throws TygrubError limit `decompressedSize` when the payload announces more than that */
export function checkAnnouncedSize(payload: KernelPayload, limits: Limits): void {
  const expected = payload.uncompressedSize;
  if (expected !== null && expected > limits.decompressedSize) {
    throw limitReached('decompressedSize', `the kernel announces ${expected} bytes, ${limits.decompressedSize} are allowed`, {
      hint: 'raise it with --limit decompressedSize=BYTES',
    });
  }
}
