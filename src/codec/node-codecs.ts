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
    'lz4-legacy': async () => (await import('./lz4/legacy.js')).lz4Legacy,
    lz4: async () => (await import('./lz4/frame.js')).lz4,
    xz: async () => (await import('./xz/index.js')).xz,
    lzma: async () => (await import('./lzma/lzma-file.js')).lzma,
    bzip2: async () => (await import('./bzip2/index.js')).bzip2,
    lzop: async () => (await import('./lzop.js')).lzop,
    lzo1x: async () => (await import('./lzo1x.js')).lzo1x,
  });
}
