/** What all decoders written here share: one streaming decoder makes the whole `Codec`, with its output counted in one place. */
import { limitReached } from '../errors.js';
import { DEFAULT_LIMITS, type Limits } from '../limits.js';
import type { Codec, CodecName } from './codec.js';
import { CodecInput } from './input.js';

/** A decoder: compressed bytes in, pieces of what they stand for out. Pieces are never changed after they were given. */
export type Decoder = (input: CodecInput, limits: Limits) => AsyncGenerator<Uint8Array>;

/** Makes a `Codec` of a decoder; the decoder need not count its output, only keep each piece small. */
export function streamingCodec(name: CodecName, decode: Decoder): Codec {
  return {
    name,
    async decodeBlock(input, maxOutput) {
      return collect(countOutput(name, decodeWith(name, decode, once(input), DEFAULT_LIMITS), maxOutput));
    },
    decodeStream: (input, limits) => countOutput(name, decodeWith(name, decode, input, limits), limits.decompressedSize),
  };
}

async function* decodeWith(
  name: CodecName,
  decode: Decoder,
  stream: AsyncIterable<Uint8Array>,
  limits: Limits,
): AsyncGenerator<Uint8Array> {
  const input = new CodecInput(stream, name);
  try {
    yield* decode(input, limits);
  } finally {
    await input.close();
  }
}

/** Passes pieces on and stops a bomb. @throws TygrubError limit `decompressedSize` */
export async function* countOutput(name: CodecName, pieces: AsyncIterable<Uint8Array>, maxOutput: number): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const piece of pieces) {
    total += piece.length;
    if (total > maxOutput) throw outputLimit(name, maxOutput);
    if (piece.length > 0) yield piece;
  }
}

/** The error of a decompressor that would put out too much. */
export function outputLimit(name: CodecName, maxOutput: number) {
  return limitReached('decompressedSize', `the ${name} data becomes larger than ${maxOutput} bytes`);
}

/** One piece as a stream. */
export async function* once(piece: Uint8Array): AsyncGenerator<Uint8Array> {
  yield piece;
}

/** All pieces as one; the caller has bounded them. */
export async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces) {
    parts.push(piece);
    length += piece.length;
  }
  if (parts.length === 1) return parts[0] as Uint8Array;
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
