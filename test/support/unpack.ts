/** Packed test images as sparse files, unpacked once and kept in the temporary folder. */
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, ftruncateSync, mkdirSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const BLOCK = 64 * 1024;

/** Writes bytes to a new file, leaving out blocks of zeros. */
export function writeSparse(path: string, bytes: Uint8Array): void {
  const fd = openSync(path, 'w');
  try {
    for (let at = 0; at < bytes.length; at += BLOCK) {
      const piece = bytes.subarray(at, at + BLOCK);
      if (piece.some((byte) => byte !== 0)) writeSync(fd, piece, 0, piece.length, at);
    }
    ftruncateSync(fd, bytes.length);
  } finally {
    closeSync(fd);
  }
}

/**
 * Unpacks a `.gz` or `.zst` file (needs the zstd program) and gives the path of the result; other files as they are.
 * @param as the name of the result, where neighbours must find it under its own name
 */
export function unpack(path: string, as?: string): string {
  if (!path.endsWith('.gz') && !path.endsWith('.zst')) return path;
  const stat = statSync(path);
  const folder = join(tmpdir(), 'tygrub-unpacked', `${stat.size}-${Math.floor(stat.mtimeMs)}-${basename(path).replace(/[^\w.-]/g, '_')}`);
  const result = join(folder, as ?? basename(path).replace(/\.(gz|zst)$/, ''));
  if (existsSync(result)) return result;
  mkdirSync(folder, { recursive: true });
  const partial = `${result}.${process.pid}`;
  if (path.endsWith('.gz')) writeSparse(partial, gunzipSync(readFileSync(path)));
  else {
    const run = spawnSync('zstd', ['-d', '-q', '-f', '--sparse', '--long=27', path, '-o', partial]);
    if (run.status !== 0) throw new Error(`zstd cannot unpack ${path}: ${run.stderr}`);
  }
  renameSync(partial, result);
  return result;
}
