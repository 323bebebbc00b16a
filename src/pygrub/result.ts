/** The three ways in which pygrub hands its result to a toolstack, byte for byte. */
import { limitReached, TygrubError, usageError } from '../errors.js';

/** `sxp` is pygrub's default; xenopsd asks for `simple`, libxl for `simple0`. */
export type OutputFormat = 'sxp' | 'simple' | 'simple0';

/** What a toolstack boots. Paths are on the host. */
export interface BootResult {
  readonly kernel: string;
  readonly ramdisk: string | null;
  /** Left out of the result when empty. */
  readonly args: string;
}

/**
 * A result as a toolstack reads it.
 * @throws TygrubError usage when a value holds NUL, newline or carriage return: delimiters that a guest must not inject
 */
export function formatResult(result: BootResult, format: OutputFormat): string {
  const items: [string, string][] = [['kernel', result.kernel]];
  if (result.ramdisk !== null) items.push(['ramdisk', result.ramdisk]);
  if (result.args !== '') items.push(['args', result.args]);
  for (const [name, value] of items) {
    if (/[\0\n\r]/.test(value))
      throw new TygrubError('corrupt', 'pygrub.delimiter', `${name} holds a delimiter (NUL, newline or carriage return)`);
  }
  switch (format) {
    case 'sxp':
      return `linux ${items.map(([name, value]) => `(${name} ${pythonRepr(value)})`).join('')}`;
    case 'simple':
      return `${items.map(([name, value]) => `${name} ${value}\n`).join('')}\n`;
    case 'simple0':
      return `${items.map(([name, value]) => `${name} ${value}\0`).join('')}\0`;
    default:
      throw usageError('pygrub.output-format', `unknown output format ${String(format)}`);
  }
}

/** libxl reads an item into 8192 bytes and leaves out a longer one without failing: the guest would start with no arguments. */
const LIBXL_ITEM = 8191;
/** What Xen's domain builder keeps of a PV guest's command line, and Linux on x86 of any. */
const PV_COMMAND_LINE = 1023;
const LINUX_COMMAND_LINE = 2047;

/**
 * Checks that callers can take a command line whole.
 * @param warn gets a sentence where the guest would lose its end
 * @throws TygrubError limit when libxl would drop it
 */
export async function checkLengths(args: string, warn: (warning: string) => Promise<void>): Promise<void> {
  const length = Buffer.byteLength(args, 'utf8');
  if (length + 'args '.length > LIBXL_ITEM) {
    throw limitReached('commandLine', `the kernel's command line has ${length} bytes, and libxl drops one of more than ${LIBXL_ITEM - 5}`);
  }
  if (length > LINUX_COMMAND_LINE) await warn(`the kernel's command line has ${length} bytes: Linux keeps ${LINUX_COMMAND_LINE}`);
  else if (length > PV_COMMAND_LINE)
    await warn(`the kernel's command line has ${length} bytes: a PV guest gets the first ${PV_COMMAND_LINE}`);
}

/** Python 3's `repr` of a string: single quotes unless only they occur in it; what cannot be printed is escaped. */
export function pythonRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  let out = '';
  for (const c of text) {
    const code = c.codePointAt(0) ?? 0;
    if (c === '\\' || c === quote) out += `\\${c}`;
    else if (c === '\n') out += '\\n';
    else if (c === '\r') out += '\\r';
    else if (c === '\t') out += '\\t';
    else if (isPrintable(c)) out += c;
    else if (code < 0x100) out += `\\x${code.toString(16).padStart(2, '0')}`;
    else if (code < 0x10000) out += `\\u${code.toString(16).padStart(4, '0')}`;
    else out += `\\U${code.toString(16).padStart(8, '0')}`;
  }
  return `${quote}${out}${quote}`;
}

/** Python's `str.isprintable`: no "Other" and no "Separator" but the space. */
function isPrintable(c: string): boolean {
  return c === ' ' || !/[\p{C}\p{Z}]/u.test(c);
}
