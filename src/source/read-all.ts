import { limitReached } from '../errors.js';
import type { ByteSource } from './byte-source.js';

/**
 * The whole of a small source (a config file, a header).
 * @param maxSize bytes at most
 * @param limitName the field of `Limits` that `maxSize` comes from
 * @throws TygrubError limit when it is larger
 */
export async function readAll(source: ByteSource, maxSize: number, limitName: string, what: string): Promise<Uint8Array> {
  if (source.size > maxSize) throw limitReached(limitName, `${what} has ${source.size} bytes, ${maxSize} are read at most`);
  return source.read(0, source.size);
}
