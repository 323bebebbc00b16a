/**
 * Names in directories that ignore case: compared after Unicode's full case folding, canonical decomposition and the
 * removal of default-ignorable characters, as the kernel's `fs/unicode` does it for UTF-8 12.1.
 */
import { decodeUtf8, encodeUtf8 } from '../../src/bytes/text.js';

/** Letters that the kernel's version of Unicode does not have yet: it leaves them as they are. */
const LATER_THAN_12_1: readonly (readonly [first: number, last: number])[] = [
  [0x1c89, 0x1c8a],
  [0x2c2f, 0x2c2f],
  [0x2c5f, 0x2c5f],
  [0xa7c0, 0xa7c1],
  [0xa7c7, 0xa7dc],
  [0xa7f5, 0xa7f6],
  [0x10570, 0x105bc],
  [0x10d50, 0x10d85],
  [0x16ea0, 0x16ed3],
];

/** Cherokee folds to capitals: its small letters came later than its folding. */
function isCherokee(code: number): boolean {
  return (code >= 0x13a0 && code <= 0x13fd) || (code >= 0xab70 && code <= 0xabbf);
}

function foldCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (isCherokee(code)) return character.toUpperCase();
  if (LATER_THAN_12_1.some(([first, last]) => code >= first && code <= last)) return character;
  // The dotless i has no capital of its own, the capital sharp s no small letter of two.
  if (character === 'ı') return character;
  if (character === 'ẞ') return 'ss';
  return character.toUpperCase().toLowerCase();
}

/**
 * The form of a name in which names that differ only in case are equal.
 * @returns null when the name is not UTF-8
 */
export function foldName(name: Uint8Array): Uint8Array | null {
  const text = decodeUtf8(name);
  if (text === null) return null;
  let folded = '';
  for (const character of text.normalize('NFD')) folded += foldCharacter(character);
  return encodeUtf8(folded.normalize('NFD').replace(/\p{Default_Ignorable_Code_Point}/gu, ''));
}
