/** What unpacking an xz file takes, without unpacking it. */
import { TygrubError } from '../../errors.js';
import { CodecInput } from '../input.js';
import { once } from '../streaming.js';
import { readBlockHeader, readStreamHeader } from './container.js';

/**
 * Bytes of dictionary that an xz file's first block needs: what a decompressor with a memory limit may refuse.
 * @param head the first bytes of the file, 1 KiB at least where it has them
 * @returns null where it has no block that can be read
 */
export async function xzDictionarySize(head: Uint8Array): Promise<number | null> {
  const input = new CodecInput(once(head), 'xz');
  try {
    await readStreamHeader(input);
    const sizeByte = await input.byte();
    return sizeByte === 0 ? null : (await readBlockHeader(input, sizeByte)).dictionarySize;
  } catch (error) {
    if (error instanceof TygrubError) return null; // whoever decompresses it will say what is wrong
    throw error;
  }
}
