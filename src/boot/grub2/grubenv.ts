/** The environment block (`grubenv`): what `load_env` reads, and what `save_env` would have written. */
import { decodeLatin1, decodeUtf8 } from '../../bytes/text.js';
import { corrupt, limitReached } from '../../errors.js';

/** What the file starts with. */
const SIGNATURE = '# GRUB Environment Block\n';

/** Variables in the order of the block. */
export type EnvironmentBlock = ReadonlyMap<string, string>;

/**
 * Reads an environment block: `name=value` lines, `\` before a newline or a backslash in a value, lines that start with
 * `#` skipped. Reading stops, without an error, at a record that the end of the file cuts off.
 * @param limit `Limits.environmentSize`
 * @throws TygrubError corrupt `grubenv.signature`, limit environmentSize
 */
export function parseEnvironmentBlock(bytes: Uint8Array, limit: number): EnvironmentBlock {
  if (bytes.length > limit) throw limitReached('environmentSize', `the environment block has ${bytes.length} bytes`);
  const text = decodeUtf8(bytes) ?? decodeLatin1(bytes);
  if (!text.startsWith(SIGNATURE)) {
    throw corrupt('grubenv.signature', 'the environment block does not start with its signature', {
      offset: 0,
      hint: 'make it anew with grub-editenv',
    });
  }
  const variables = new Map<string, string>();
  let at = SIGNATURE.length;
  while (at < text.length) {
    if (text.charAt(at) === '#') {
      const newline = text.indexOf('\n', at);
      if (newline < 0) break;
      at = newline + 1;
      continue;
    }
    // A record without `=` is no record; the name then goes on in the next line, as GRUB's reader has it.
    const equals = text.indexOf('=', at);
    if (equals < 0) break;
    const name = text.slice(at, equals);
    let value = '';
    at = equals + 1;
    while (at < text.length && text.charAt(at) !== '\n') {
      if (text.charAt(at) === '\\') at += 1;
      if (at < text.length) value += text.charAt(at);
      at += 1;
    }
    if (at >= text.length) break;
    at += 1;
    variables.set(name, value);
  }
  return variables;
}
