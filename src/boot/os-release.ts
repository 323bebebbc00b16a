/** os-release files (freedesktop's os-release(5)): what a guest calls itself. */

/**
 * Reads the assignments of an os-release file. Lines that are no assignment are left out, as the format asks.
 * @param text the file, LF or CRLF
 * @returns names to values without quotes; a later assignment replaces an earlier one
 */
export function parseOsRelease(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const equals = line.indexOf('=');
    if (equals <= 0) continue;
    values.set(line.slice(0, equals), unquote(line.slice(equals + 1)));
  }
  return values;
}

/** A shell word: '…' as it is, "…" and bare text with backslash escapes. */
function unquote(value: string): string {
  const quote = value.charAt(0);
  if (value.length >= 2 && (quote === '"' || quote === "'") && value.endsWith(quote)) {
    const inside = value.slice(1, -1);
    return quote === "'" ? inside : withoutBackslashes(inside);
  }
  return withoutBackslashes(value);
}

function withoutBackslashes(text: string): string {
  let out = '';
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\' && i + 1 < text.length) i += 1;
    out += text.charAt(i);
  }
  return out;
}

/** Name, version and sort key of an operating system, chosen as systemd-boot chooses them for a unified kernel image. */
export interface OsName {
  readonly title: string | null;
  readonly version: string | null;
  readonly sortKey: string | null;
}

/** Picks the fields that describe the system best; null where the file has none of them. */
export function osName(values: ReadonlyMap<string, string>): OsName {
  const first = (...names: string[]): string | null => {
    for (const name of names) {
      const value = values.get(name);
      if (value !== undefined && value !== '') return value;
    }
    return null;
  };
  return {
    title: first('PRETTY_NAME', 'IMAGE_ID', 'NAME', 'ID'),
    version: first('IMAGE_VERSION', 'VERSION', 'VERSION_ID', 'BUILD_ID'),
    sortKey: first('IMAGE_ID', 'ID'),
  };
}
