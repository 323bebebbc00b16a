/** The decompressors of programs that run on Node. */
import { provideCodecs } from './codec.js';

/** Fills the table of decompressors; each is loaded when something is first compressed with it. Called once, by programs. */
export function provideNodeCodecs(): void {
  provideCodecs({
    gzip: async () => (await import('./node-zlib.js')).gzip,
    zlib: async () => (await import('./node-zlib.js')).zlib,
    deflate: async () => (await import('./node-zlib.js')).deflate,
    brotli: async () => (await import('./node-zlib.js')).brotli,
    zstd: async () => (await import('./zstd/index.js')).zstd,
    lzop: async () => (await import('./lzop.js')).lzop,
    lzo1x: async () => (await import('./lzo1x.js')).lzo1x,
  });
}
