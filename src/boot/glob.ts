/** Glob patterns of boot configurations, matched in bounded time: patterns come from the disk. */
import { limitReached } from '../errors.js';
import type { Limits } from '../limits.js';

/** One character of the text: a set of ranges, or any character. `'*'` is any run of characters. */
type Atom = '*' | { readonly ranges: readonly (readonly [low: string, high: string])[] | null };

/**
 * Compiles a pattern as systemd-boot understands it: `*`, `?`, `[a-z]` and `\` before a character. Negated sets and
 * classes are not part of it: `!` and `^` stand for themselves.
 * @returns a function that says whether a whole text matches; its steps are at most the product of both lengths
 * @throws TygrubError limit `pathLength` for a longer pattern
 */
export function compileGlob(pattern: string, limits: Limits): (text: string) => boolean {
  if (pattern.length > limits.pathLength) throw limitReached('pathLength', `a glob pattern is ${pattern.length} characters long`);
  const atoms: Atom[] = [];
  let fixed = 0;
  for (let i = 0; i < pattern.length; ) {
    const c = pattern.charAt(i);
    if (c === '*') {
      if (atoms[atoms.length - 1] !== '*') atoms.push('*');
      i += 1;
      continue;
    }
    fixed += 1;
    if (c === '?') {
      atoms.push({ ranges: null });
      i += 1;
    } else if (c === '[') {
      const set = readSet(pattern, i);
      if (set === null) return () => false;
      atoms.push({ ranges: set.ranges });
      i = set.end;
    } else {
      const literal = c === '\\' ? pattern.charAt(i + 1) : c;
      if (literal === '') return () => false;
      atoms.push({ ranges: [[literal, literal]] });
      i += c === '\\' ? 2 : 1;
    }
  }
  return (text) => text.length >= fixed && match(atoms, text);
}

function readSet(pattern: string, at: number): { ranges: [string, string][]; end: number } | null {
  const ranges: [string, string][] = [];
  let i = at + 1;
  for (let first = true; ; first = false) {
    let low = pattern.charAt(i);
    if (low === '') return null;
    if (low === ']' && !first) return { ranges, end: i + 1 };
    if (low === '\\') {
      i += 1;
      low = pattern.charAt(i);
      if (low === '') return null;
    }
    i += 1;
    if (pattern.charAt(i) === '-' && pattern.charAt(i + 1) !== ']' && pattern.charAt(i + 1) !== '') {
      ranges.push([low, pattern.charAt(i + 1)]);
      i += 2;
    } else ranges.push([low, low]);
  }
}

function fits(atom: Atom, c: string): boolean {
  return atom !== '*' && (atom.ranges === null || atom.ranges.some(([low, high]) => c >= low && c <= high));
}

/** A failed match goes back to the last `*` only: taking more there covers all that earlier ones could do. */
function match(atoms: readonly Atom[], text: string): boolean {
  let at = 0;
  let star = -1;
  let resume = 0;
  let i = 0;
  while (i < text.length) {
    const atom = atoms[at];
    if (atom === '*') {
      star = at;
      resume = i;
      at += 1;
    } else if (atom !== undefined && fits(atom, text.charAt(i))) {
      at += 1;
      i += 1;
    } else if (star >= 0) {
      resume += 1;
      i = resume;
      at = star + 1;
    } else return false;
  }
  while (atoms[at] === '*') at += 1;
  return at === atoms.length;
}
