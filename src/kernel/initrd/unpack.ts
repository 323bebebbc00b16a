/** Unpacks a compressed part of an initrd to its end, to know whether it is complete. */
import { TygrubError } from '../../errors.js';
import type { Limits } from '../../limits.js';
import { type CompressionKind, decompressed } from '../compression.js';
import { DecompressedBytes } from '../decompressed-bytes.js';
import { NAMING_SIZE, nameOfOther } from '../image/not-a-kernel.js';
import { problemInside } from '../look.js';
import type { ProgramBytes } from '../program-bytes.js';
import { isCpio, walkArchives } from './cpio.js';
import { type FoundPart, HEAD, type InitrdPart, isFilesystem } from './index.js';

/**
 * Walks the archive in a compressed part.
 * @param part what is known of it
 * @param packed its bytes
 */
export async function unpackPart(part: InitrdPart, kind: CompressionKind, packed: ProgramBytes, limits: Limits): Promise<FoundPart> {
  const inside = new DecompressedBytes(() => decompressed(kind, packed.stream(), limits, null), null, limits);
  try {
    const first = await inside.readUpTo(0, HEAD);
    if (!isCpio(first)) {
      if (isFilesystem(first)) return { part: { ...part, kind: 'filesystem' }, truncated: null, problem: null };
      const name = nameOfOther(await inside.readUpTo(0, NAMING_SIZE), null);
      return {
        part: { ...part, kind: 'unknown' },
        truncated: null,
        problem: { code: 'initrd.unknown', message: `what is compressed with ${kind.name} is no archive that Linux unpacks but ${name}` },
      };
    }
    const archive = await walkArchives(inside, limits);
    return { part: { ...part, entries: archive.entries }, truncated: archive.isTruncated, problem: null };
  } catch (error) {
    const isShort = error instanceof TygrubError && error.code === 'codec.truncated';
    return { part, truncated: isShort ? true : null, problem: problemInside(error) };
  } finally {
    await inside.close();
  }
}
