/** What bytes look like that nothing knows: so that an empty file, a text or a blank disk is told from a foreign format. */
import { decodeUtf8, printable } from '../../bytes/text.js';
import type { ByteSource } from '../../source/byte-source.js';

/** Bytes that are looked at. */
const LOOK = 4096;

/** Characters of a text that are shown. */
const SHOWN = 40;

/**
 * A phrase for people about a source in which no filesystem was recognised. One read of at most 4 KiB.
 * @throws TygrubError what reading the source throws
 */
export async function impression(source: ByteSource): Promise<string> {
  if (source.size === 0) return 'it is empty (0 bytes)';
  const start = await source.read(0, Math.min(LOOK, source.size));
  if (start.every((byte) => byte === 0)) return 'no filesystem that tygrub knows, it begins with zeros';
  const text = decodeUtf8(start);
  if (text === null || !/^[\t\n\r -~\u00a0-\uffff]*$/.test(text)) return 'no filesystem that tygrub knows';
  const [line = ''] = text.trimStart().split(/[\r\n]/, 1);
  return `it is a text, no disk: ${JSON.stringify(printable(line.length > SHOWN ? `${line.slice(0, SHOWN)}...` : line))}`;
}
