/** UUIDs and GUIDs as text. */

const DIGITS = '0123456789abcdef';

/** Bytes as lower-case hexadecimal digits. */
export function toHex(data: Uint8Array): string {
  let text = '';
  for (const byte of data) text += DIGITS.charAt(byte >> 4) + DIGITS.charAt(byte & 15);
  return text;
}

/** A UUID stored in RFC 9562 byte order (ext, VHD, XFS): 16 bytes to `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`, lower case. */
export function formatUuid(data: Uint8Array): string {
  const hex = toHex(data.subarray(0, 16));
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

/** A GUID stored with its first three parts little-endian (GPT, VHDX): 16 bytes to the same text form. */
export function formatGuid(data: Uint8Array): string {
  const order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
  return formatUuid(Uint8Array.from(order, (i) => data[i] ?? 0));
}

/** True when all bytes are zero. */
export function isZero(data: Uint8Array): boolean {
  for (const byte of data) if (byte !== 0) return false;
  return true;
}
