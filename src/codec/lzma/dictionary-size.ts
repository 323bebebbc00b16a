/** Bytes of dictionary that LZMA2's property byte stands for (xz-file-format 5.3.1); null when it is out of range. */
export function lzma2DictionarySize(property: number): number | null {
  if (property > 40) return null;
  if (property === 40) return 0xffffffff;
  return (2 | (property & 1)) * 2 ** ((property >> 1) + 11);
}
