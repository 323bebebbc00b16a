/** What goes to the terminal: stdout is the result, stderr everything else. */
import { printable } from '../bytes/text.js';
import { TygrubError } from '../errors.js';
import { StreamSink } from '../extract/index.js';
import { hostError } from '../source/host-file.js';
import { EXIT_BUG, EXIT_STATUS } from './exit-status.js';
import { isTerminal } from './terminal.js';

/** Writes text to stdout and waits until it is out. @throws TygrubError io when nobody reads it (a closed pipe) */
export async function print(text: string): Promise<void> {
  await new StreamSink(1, 'standard output').write(Buffer.from(text, 'utf8'));
}

/** Writes a value as JSON with a final newline. */
export async function printJson(value: unknown): Promise<void> {
  await print(`${JSON.stringify(value, null, 2)}\n`);
}

/** Writes a value as one line of JSON. */
export async function printJsonLine(value: unknown): Promise<void> {
  await print(`${JSON.stringify(value)}\n`);
}

/** Writes a line to stderr; control characters from a disk are made harmless. */
export function warn(text: string): void {
  process.stderr.write(`${printable(text)}\n`);
}

/** A failure as one line on stderr, and the exit status for it. */
export function reportFailure(program: string, error: unknown): number {
  if (error instanceof TygrubError) {
    // Who closed the pipe (`tygrub ls ... | head`) has seen enough and knows it.
    if (error.code !== 'host.epipe') warn(`${program}: ${error.summary}`);
    return EXIT_STATUS[error.kind];
  }
  if (error instanceof Error && 'syscall' in error) return reportFailure(program, hostError(error, 'the host failed'));
  const bug = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  warn(`${program}: internal error, please report it with the command and the disk: ${bug}`);
  if (process.env['TYGRUB_DEBUG'] !== undefined && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return EXIT_BUG;
}

/** Whether the terminal can show more than ASCII. */
export function unicode(): boolean {
  const locale = process.env['LC_ALL'] || process.env['LC_CTYPE'] || process.env['LANG'] || '';
  return /utf-?8/i.test(locale);
}

/** Emphasis on a terminal that has it, plain text elsewhere and with NO_COLOR. */
export function bold(text: string): string {
  const colour = isTerminal(1) && (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb';
  return colour ? `\u001b[1m${text}\u001b[22m` : text;
}

/** On a terminal, text broken between words; what follows the first line is indented. Elsewhere the one line that it is. */
export function folded(text: string, indent: string): string {
  const width = isTerminal(1) ? process.stdout.columns : 0;
  if (!(width > indent.length)) return text;
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/(?<=[^ ]) /)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = indent + word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}

/** Bytes for people: `8.0 GiB`, `512 B`. */
export function formatSize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || Number.isInteger(value) ? value : value.toFixed(1)} ${units[unit]}`;
}

/** Rows as aligned columns, two spaces between them, nothing after the last. */
export function columns(rows: readonly (readonly string[])[], indent = ''): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cell.length);
    });
  }
  return rows.map((row) => `${indent}${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd()).join('\n');
}
