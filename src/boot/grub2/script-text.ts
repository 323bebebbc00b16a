/** The text of a script with its lines: a file as GRUB's line reader gives it, or a block out of such a file. */
import { decodeLatin1, decodeUtf8 } from '../../bytes/text.js';

/** Text whose lines know where they came from. Every line ends with a newline. */
export class ScriptText {
  private constructor(
    readonly text: string,
    /** `volume:path`, or null for text that no file holds. */
    readonly file: string | null,
    /** Where each line starts in `text`, and its number in the file. */
    private readonly lineStarts: readonly number[],
    private readonly lineNumbers: readonly number[],
  ) {}

  /**
   * A file, as `grub_file_getline` reads it: carriage returns vanish, a NUL ends its line's text, and a line whose first
   * byte is `#` is no line at all, not even inside quotes.
   */
  static ofFile(bytes: Uint8Array, file: string): ScriptText {
    // Not UTF-8: one character for each byte keeps every word apart, as GRUB does.
    const decoded = decodeUtf8(bytes) ?? decodeLatin1(bytes);
    const starts: number[] = [];
    const numbers: number[] = [];
    const kept: string[] = [];
    let length = 0;
    let number = 0;
    for (let at = 0; at < decoded.length; ) {
      const newline = decoded.indexOf('\n', at);
      const end = newline < 0 ? decoded.length : newline;
      number += 1;
      if (decoded.charAt(at) !== '#') {
        let line = decoded.slice(at, end).replaceAll('\r', '');
        const nul = line.indexOf('\0');
        if (nul >= 0) line = line.slice(0, nul);
        starts.push(length);
        numbers.push(number);
        kept.push(line);
        length += line.length + 1;
      }
      at = end + 1;
    }
    const text = kept.length === 0 ? '' : `${kept.join('\n')}\n`;
    return new ScriptText(text, file, starts, numbers);
  }

  /** Text from memory: a variable's value, an edited entry, a generated body. All its lines count as `line` of `file`. */
  static ofString(source: string, file: string | null, line: number): ScriptText {
    const text = source.endsWith('\n') ? source : `${source}\n`;
    return new ScriptText(text, file, [0], [line]);
  }

  /** Text from memory whose lines are numbered from 1. */
  static ofLines(source: string): ScriptText {
    const text = source.endsWith('\n') ? source : `${source}\n`;
    const starts: number[] = [];
    const numbers: number[] = [];
    for (let at = 0; at < text.length; at = text.indexOf('\n', at) + 1) {
      starts.push(at);
      numbers.push(starts.length);
    }
    return new ScriptText(text, null, starts, numbers);
  }

  /** The part from `start` to before `end`, its lines still numbered as in the file. */
  part(start: number, end: number): ScriptText {
    const inside = this.text.slice(start, end);
    const first = this.lineIndex(start);
    const starts: number[] = [0];
    const numbers: number[] = [this.lineNumbers[first] ?? 1];
    for (let i = first + 1; i < this.lineStarts.length; i++) {
      const at = this.lineStarts[i] as number;
      if (at >= end) break;
      starts.push(at - start);
      numbers.push(this.lineNumbers[i] ?? 1);
    }
    return new ScriptText(inside.endsWith('\n') ? inside : `${inside}\n`, this.file, starts, numbers);
  }

  /** The line number, in the file, of a place in the text. */
  lineAt(position: number): number {
    return this.lineNumbers[this.lineIndex(position)] ?? 1;
  }

  private lineIndex(position: number): number {
    let low = 0;
    let high = this.lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.lineStarts[middle] as number) <= position) low = middle;
      else high = middle - 1;
    }
    return Math.max(low, 0);
  }
}
