/** What an initrd is made of: archives one after the other, plain or compressed, as Linux unpacks them. */
import type { Problem } from '../../errors.js';
import { DEFAULT_LIMITS, type Limits } from '../../limits.js';
import type { ByteSource } from '../../source/byte-source.js';
import { type Compression, compressionOf, startsWith } from '../compression.js';
import { problemInside } from '../look.js';
import { plainBytes } from '../program-bytes.js';
import { partOf } from '../program-part.js';
import { isCpio, walkCpio } from './cpio.js';

/** One archive of an initrd. */
export interface InitrdPart {
  /** `cpio`, `filesystem` (an old initrd that is mounted), `unknown`. */
  readonly kind: 'cpio' | 'filesystem' | 'unknown';
  /** Null where it is not compressed. */
  readonly compression: Compression | null;
  /** Byte offset in the initrd. */
  readonly offset: number;
  /** Bytes; what is compressed goes to the end of the initrd. */
  readonly size: number;
  /** It brings microcode that the kernel loads early. */
  readonly microcode: boolean;
  /** Entries of the archive; null where it was not walked. */
  readonly entries: number | null;
}

/** What is known about an initrd. */
export interface InitrdInfo {
  /** For people: `microcode, then a cpio archive compressed with zstd`. */
  readonly description: string;
  readonly parts: readonly InitrdPart[];
  /** True when it ends too early, false when it is complete, null where only unpacking it would tell. */
  readonly truncated: boolean | null;
  readonly problem: Problem | null;
}

/** How much is found out. */
export interface InitrdOptions {
  readonly limits?: Limits;
  /** Unpack everything, to know whether it is complete. */
  readonly verify?: boolean;
}

/** Archives of one initrd. */
const MAX_PARTS = 64;
/** Bytes that tell what a part is. */
export const HEAD = 4096;

/**
 * Identifies an initrd. What is wrong with it is told in the result.
 * @throws TygrubError io, and what the source throws
 */
export async function identifyInitrd(source: ByteSource, options: InitrdOptions = {}): Promise<InitrdInfo> {
  const limits = options.limits ?? DEFAULT_LIMITS;
  const parts: InitrdPart[] = [];
  let truncated: boolean | null = source.size === 0;
  let problem: Problem | null = null;
  try {
    // Filesystems begin with an empty boot block, archives are padded: zeros are passed over for the latter only.
    const isMounted = isFilesystem(await plainBytes(source).readUpTo(0, HEAD));
    for (let at = isMounted ? 0 : await skipZeros(source, 0); at < source.size && parts.length < MAX_PARTS; ) {
      const found = await readPart(source, at, options.verify ?? false, limits);
      parts.push(found.part);
      truncated = found.truncated;
      problem = found.problem;
      if (found.truncated !== false || problem !== null || found.part.kind !== 'cpio' || found.part.compression !== null) break;
      at = await skipZeros(source, at + found.part.size);
    }
  } catch (error) {
    problem = problemInside(error);
  }
  if (parts.length === 0 && problem === null)
    problem = { code: 'initrd.empty', message: source.size === 0 ? 'the initrd is empty' : 'the initrd holds nothing but zeros' };
  return { description: describe(parts, truncated), parts, truncated, problem };
}

/** A part, and how reading it ended. */
export interface FoundPart {
  readonly part: InitrdPart;
  readonly truncated: boolean | null;
  readonly problem: Problem | null;
}

async function readPart(source: ByteSource, offset: number, verify: boolean, limits: Limits): Promise<FoundPart> {
  const size = source.size - offset;
  const base: InitrdPart = { kind: 'unknown', compression: null, offset, size, microcode: false, entries: null };
  const program = plainBytes(source);
  const head = await program.readUpTo(offset, HEAD);
  if (isCpio(head)) {
    const archive = await walkCpio(program, offset, limits);
    const part: InitrdPart = {
      ...base,
      kind: 'cpio',
      size: Math.min(archive.end, source.size) - offset,
      microcode: archive.hasMicrocode,
      entries: archive.entries,
    };
    return { part, truncated: archive.isTruncated, problem: null };
  }
  const kind = compressionOf(head);
  if (kind === null) {
    if (offset === 0 && isFilesystem(head)) return { part: { ...base, kind: 'filesystem' }, truncated: null, problem: null };
    const { NAMING_SIZE, nameOfOther } = await import('../image/not-a-kernel.js');
    const name = nameOfOther(await program.readUpTo(offset, NAMING_SIZE), size);
    return {
      part: base,
      truncated: null,
      problem: { code: 'initrd.unknown', message: `the initrd is no archive that Linux unpacks but ${name}` },
    };
  }
  const part: InitrdPart = { ...base, kind: 'cpio', compression: kind.name };
  if (!verify) return { part, truncated: null, problem: null };
  return (await import('./unpack.js')).unpackPart(part, kind, partOf(program, offset, size), limits);
}

/** The old form of an initrd, which is mounted: ext2 to 4, minix, cramfs, romfs, squashfs (Linux's init/do_mounts_rd.c). */
const FILESYSTEMS: readonly (readonly [at: number, magic: readonly number[]])[] = [
  [0x438, [0x53, 0xef]],
  [0x410, [0x7f, 0x13]],
  [0x410, [0x8f, 0x13]],
  [0, [0x45, 0x3d, 0xcd, 0x28]],
  [0, [0x2d, 0x72, 0x6f, 0x6d, 0x31, 0x66, 0x73, 0x2d]],
  [0, [0x68, 0x73, 0x71, 0x73]],
];

/** Whether the bytes begin like a filesystem that Linux mounts as an initrd. */
export function isFilesystem(head: Uint8Array): boolean {
  return FILESYSTEMS.some(([at, magic]) => startsWith(head.subarray(at), magic));
}

/** The first byte from `from` on that is not zero: archives are padded. */
async function skipZeros(source: ByteSource, from: number): Promise<number> {
  for (let at = from; at < source.size; ) {
    const piece = await source.read(at, Math.min(HEAD, source.size - at));
    const found = piece.findIndex((byte) => byte !== 0);
    if (found >= 0) return at + found;
    at += piece.length;
  }
  return source.size;
}

function describe(parts: readonly InitrdPart[], truncated: boolean | null): string {
  const words = parts.map((part) => {
    if (part.kind === 'filesystem') return `a filesystem image${part.compression === null ? '' : ` compressed with ${part.compression}`}`;
    if (part.kind === 'unknown') return `unknown data${part.compression === null ? '' : ` compressed with ${part.compression}`}`;
    if (part.compression !== null) return `a cpio archive compressed with ${part.compression}`;
    return part.microcode ? 'microcode' : 'a cpio archive';
  });
  return `${words.length === 0 ? 'nothing' : words.join(', then ')}${truncated === true ? ', cut off' : ''}`;
}
