/** gzip, zlib, deflate and brotli by Node's own zlib (Node only). */
import {
  brotliDecompressSync,
  crc32,
  createBrotliDecompress,
  createInflate,
  createInflateRaw,
  inflateRawSync,
  inflateSync,
} from 'node:zlib';
import { corrupt, TygrubError } from '../errors.js';
import type { Codec, CodecName } from './codec.js';
import { skipGzipHeader } from './gzip-header.js';
import { type CodecInput, damaged } from './input.js';
import { outputLimit, streamingCodec } from './streaming.js';

type Decompressor = ReturnType<typeof createInflate> | ReturnType<typeof createBrotliDecompress>;

/** Bytes that one step of a stream puts out: large enough that the way through the thread pool does not count. */
const OUTPUT_CHUNK = { chunkSize: 256 * 1024 };

/**
 * Drives one of Node's decompressors until its format ends, and leaves `input` at the byte behind the compressed data.
 * @throws TygrubError corrupt
 */
export async function* throughZlib(zlib: Decompressor, input: CodecInput): AsyncGenerator<Uint8Array> {
  const feed = async (): Promise<void> => {
    try {
      while (!zlib.destroyed && (await input.ensure(1))) {
        const before = zlib.bytesWritten;
        const piece = input.bytes.subarray(input.at);
        // The callback of a write that the decompressor has not used up never comes: the format ended inside the piece.
        await new Promise<void>((resolve) => {
          zlib.once('end', resolve).once('close', resolve);
          zlib.write(piece, () => {
            zlib.off('end', resolve).off('close', resolve);
            resolve();
          });
        });
        input.at += zlib.bytesWritten - before;
        if (zlib.bytesWritten - before < piece.length) return;
      }
      zlib.end();
    } catch (error) {
      zlib.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  };
  const feeding = feed();
  try {
    for await (const chunk of zlib) yield new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
  } catch (error) {
    throw zlibError(input.name, error, 0);
  } finally {
    zlib.destroy();
    await feeding;
  }
}

/** What zlib threw, as ours; anything that is not about the data is given back as it is. */
function zlibError(name: CodecName, error: unknown, maxOutput: number): unknown {
  if (error instanceof TygrubError || !(error instanceof Error)) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === 'ERR_BUFFER_TOO_LARGE') return outputLimit(name, maxOutput);
  if (code === 'Z_BUF_ERROR') return corrupt('codec.truncated', `the ${name} data ends too early`, { cause: error });
  return code.startsWith('Z_') || code.startsWith('ERR_') ? damaged(name, error.message) : error;
}

/** RFC 1952; members follow each other, anything else behind them is ignored. */
export const gzip: Codec = streamingCodec('gzip', async function* (input) {
  for (let first = true; await skipGzipHeader(input, first); first = false) {
    let checksum = 0;
    let size = 0;
    for await (const piece of throughZlib(createInflateRaw(OUTPUT_CHUNK), input)) {
      checksum = crc32(piece, checksum);
      size += piece.length;
      yield piece;
    }
    const trailer = await input.take(8);
    const view = new DataView(trailer.buffer, trailer.byteOffset, trailer.length);
    if (view.getUint32(0, true) !== checksum) throw input.damaged('the checksum is wrong');
    if (view.getUint32(4, true) !== size % 2 ** 32) throw input.damaged('the size is wrong');
  }
});

/** Small pieces go without a stream: that is what filesystems and containers have by the thousand. */
function zlibCodec(
  name: CodecName,
  sync: (input: Uint8Array, options: { maxOutputLength: number }) => Uint8Array,
  create: (options: { chunkSize: number }) => Decompressor,
): Codec {
  return {
    name,
    async decodeBlock(input, maxOutput) {
      try {
        // Node refuses a bound of 0: one byte is allowed there, and counted below.
        const output = sync(input, { maxOutputLength: Math.max(1, maxOutput) });
        if (output.length > maxOutput) throw outputLimit(name, maxOutput);
        return new Uint8Array(output.buffer, output.byteOffset, output.length);
      } catch (error) {
        throw zlibError(name, error, maxOutput);
      }
    },
    decodeStream: streamingCodec(name, (input) => throughZlib(create(OUTPUT_CHUNK), input)).decodeStream,
  };
}

/** RFC 1950. */
export const zlib = zlibCodec('zlib', inflateSync, createInflate);
/** RFC 1951. */
export const deflate = zlibCodec('deflate', inflateRawSync, createInflateRaw);
/** RFC 7932. */
export const brotli = zlibCodec('brotli', brotliDecompressSync, createBrotliDecompress);
