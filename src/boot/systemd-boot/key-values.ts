/** Lines of loader.conf and of type 1 entries: a key, blanks, a value. */
import { withoutQuotes } from '../assemble.js';

/** One assignment. */
export interface KeyValue {
  readonly key: string;
  readonly value: string;
  /** From 1. */
  readonly line: number;
}

/** Reads the lines that have a key and a value; comments and lines without a value mean nothing, as in systemd-boot. */
export function* keyValues(text: string): Generator<KeyValue> {
  let number = 0;
  for (const raw of text.split('\n')) {
    number += 1;
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    let end = 0;
    while (end < line.length && line[end] !== ' ' && line[end] !== '\t') end += 1;
    const value = line.slice(end).trim();
    if (value !== '') yield { key: line.slice(0, end), value: withoutQuotes(value), line: number };
  }
}
