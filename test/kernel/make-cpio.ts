/** A cpio archive of the "new" format with empty files of these names. */
export function makeCpio(names: readonly string[], content: Uint8Array = new Uint8Array(0)): Uint8Array {
  const parts: Uint8Array[] = [];
  const pad = (length: number): Uint8Array => new Uint8Array((4 - (length % 4)) % 4);
  for (const name of [...names, 'TRAILER!!!']) {
    const data = name === 'TRAILER!!!' ? new Uint8Array(0) : content;
    const fields = [1, 0o100644, 0, 0, 1, 0, data.length, 0, 0, 0, 0, name.length + 1, 0];
    const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}${name}\0`;
    parts.push(Buffer.from(header, 'latin1'), pad(header.length), data, pad(data.length));
  }
  return Buffer.concat(parts);
}
