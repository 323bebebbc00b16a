/** LZMA2: LZMA in chunks that say their sizes, with chunks of stored bytes between (xz-file-format 5.3.1). */
import type { CodecInput } from '../input.js';
import { SlidingWindow } from '../window.js';
import { LzmaDecoder, lzmaProperties } from './lzma-decoder.js';
import { READ_AHEAD } from './range-decoder.js';

/** Control bytes of a chunk. */
const END = 0x00;
const STORED_NEW_DICTIONARY = 0x01;
const STORED = 0x02;
const LZMA = 0x80;
/** What an LZMA chunk resets, as the two bits below the highest say; each includes those before. */
const RESET_STATE = 1;
const NEW_PROPERTIES = 2;
const NEW_DICTIONARY = 3;

const MAX_CHUNK_INPUT = 64 * 1024;

/**
 * Decodes chunks up to and with the end marker. Each piece is one chunk (2 MiB at most).
 * @param dictionarySize bytes; the caller has held it against `limits.decompressorWindow`
 */
export async function* decodeLzma2(input: CodecInput, dictionarySize: number): AsyncGenerator<Uint8Array> {
  const window = new SlidingWindow(dictionarySize);
  const decoder = new LzmaDecoder(input.name);
  const { range } = decoder;
  range.bytes = new Uint8Array(MAX_CHUNK_INPUT + READ_AHEAD);
  // What must have been seen before: the first chunk brings a dictionary, the first LZMA chunk its properties.
  let hasDictionary = false;
  let hasProperties = false;
  let needsState = true;
  for (;;) {
    const control = await input.byte();
    if (control === END) return;
    if (control < LZMA) {
      if (control !== STORED && control !== STORED_NEW_DICTIONARY) throw input.damaged('an LZMA2 chunk has an unknown type');
      const sizes = await input.take(2);
      const length = ((sizes[0] as number) << 8) + (sizes[1] as number) + 1;
      window.reserve(length);
      if (control === STORED_NEW_DICTIONARY) {
        window.reset();
        decoder.resetPosition();
        hasDictionary = true;
      } else if (!hasDictionary) throw input.damaged('the first LZMA2 chunk brings no dictionary');
      decoder.passOver(length);
      window.bytes.set(await input.take(length), window.position);
      window.position += length;
      yield window.take();
      continue;
    }
    const sizes = await input.take(4);
    const outLength = ((control & 0x1f) << 16) + ((sizes[0] as number) << 8) + (sizes[1] as number) + 1;
    const inLength = ((sizes[2] as number) << 8) + (sizes[3] as number) + 1;
    const reset = (control >> 5) & 3;
    window.reserve(outLength);
    if (reset === NEW_DICTIONARY) {
      window.reset();
      decoder.resetPosition();
      hasDictionary = true;
    }
    if (reset >= NEW_PROPERTIES) {
      const properties = lzmaProperties(await input.byte());
      if (properties === null || properties.lc + properties.lp > 4) throw input.damaged('the properties of an LZMA2 chunk are wrong');
      decoder.configure(properties);
      hasProperties = true;
      needsState = false;
    } else if (reset === RESET_STATE) {
      decoder.resetState();
      needsState = false;
    }
    if (!hasDictionary || !hasProperties || needsState) throw input.damaged('an LZMA2 chunk needs a state that there is not');
    range.bytes.set(await input.take(inLength));
    range.bytes.fill(0, inLength);
    range.at = 0;
    if (inLength < 5 || !range.start()) throw input.damaged('an LZMA2 chunk begins wrongly');
    const end = window.position + outLength;
    const stop = decoder.decode(window, end, end, inLength);
    if (stop !== 'output' || range.at !== inLength || range.code !== 0)
      throw input.damaged('an LZMA2 chunk has not the size that it claims');
    yield window.take();
  }
}
