/** Patterns in arguments (`/boot/vmlinuz-*`): matched against the names of devices and files, without backtracking. */
import type { Argument } from './expansion.js';

/** One element of a pattern. */
export type PatternElement = { readonly kind: 'any-run' } | { readonly kind: 'any-one' } | { readonly kind: 'char'; readonly char: string };

/** A part of a pattern between slashes, with or without wildcards. */
export interface PatternPart {
  /** The part as text, quotes removed. */
  readonly text: string;
  /** Null where the part has no wildcard. */
  readonly elements: readonly PatternElement[] | null;
}

/** A pattern split at its device and slashes. */
export interface FilePattern {
  /** `(...)`, with its parentheses; null where there is none. */
  readonly device: PatternPart | null;
  /** The parts after each slash. */
  readonly parts: readonly PatternPart[];
}

function isQuoted(argument: Argument, at: number): boolean {
  return argument.quotedAt.some(([start, end]) => at >= start && at < end);
}

/** The pattern that an argument is; null for what is none: no unquoted `*` or `?`, or no `/`, `(` or `*` at its start. */
export function filePattern(argument: Argument): FilePattern | null {
  const { text } = argument;
  if (!text.startsWith('/') && !text.startsWith('(') && !text.startsWith('*')) return null;
  const elements: PatternElement[] = [];
  let wild = false;
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    const special = (char === '*' || char === '?') && !isQuoted(argument, i);
    wild ||= special;
    elements.push(!special ? { kind: 'char', char } : char === '*' ? { kind: 'any-run' } : { kind: 'any-one' });
  }
  if (!wild) return null;
  const deviceEnd = text.startsWith('/')
    ? 0
    : text.startsWith('(')
      ? text.indexOf(')') + 1
      : text.includes('/')
        ? text.indexOf('/')
        : text.length;
  if (deviceEnd === 0 && text.startsWith('(')) return null;
  const part = (start: number, end: number): PatternPart => {
    const own = elements.slice(start, end);
    return { text: text.slice(start, end), elements: own.some((e) => e.kind !== 'char') ? own : null };
  };
  const parts: PatternPart[] = [];
  for (let at = deviceEnd; at < text.length; ) {
    const slash = text.indexOf('/', at + 1);
    const end = slash < 0 ? text.length : slash;
    parts.push(part(at + 1, end));
    at = end;
  }
  return { device: deviceEnd === 0 ? null : part(0, deviceEnd), parts };
}

/** True when the whole name fits. Time is bounded by the product of both lengths. */
export function matchesPattern(elements: readonly PatternElement[], name: string): boolean {
  let at = 0;
  let element = 0;
  let star = -1;
  let starAt = 0;
  while (at < name.length) {
    const e = elements[element];
    if (e !== undefined && e.kind === 'any-run') {
      star = element;
      starAt = at;
      element += 1;
    } else if (e !== undefined && (e.kind === 'any-one' || e.char === name.charAt(at))) {
      element += 1;
      at += 1;
    } else if (star >= 0) {
      starAt += 1;
      at = starAt;
      element = star + 1;
    } else return false;
  }
  while (elements[element]?.kind === 'any-run') element += 1;
  return element === elements.length;
}
