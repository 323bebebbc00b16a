/** Keys out of the bytes that a terminal sends: UTF-8 text, control characters, and arrows in both of their spellings. */

/** Keys that have a name of their own. */
export type KeyName =
  | 'up'
  | 'down'
  | 'left'
  | 'right'
  | 'home'
  | 'end'
  | 'page-up'
  | 'page-down'
  | 'delete'
  | 'backspace'
  | 'enter'
  | 'escape'
  | 'tab'
  | 'f10';

/** One key press. */
export type Key =
  | { readonly kind: 'named'; readonly name: KeyName }
  /** A printable character. */
  | { readonly kind: 'text'; readonly text: string }
  /** Control with a letter, in lower case. */
  | { readonly kind: 'control'; readonly letter: string }
  /** Something that a terminal or a noisy line sent and that means nothing here: an answer to a query, a function key. */
  | { readonly kind: 'unknown' };

const ESCAPE = 0x1b;
const UNKNOWN: Key = { kind: 'unknown' };

const named = (name: KeyName): Key => ({ kind: 'named', name });

/** Finals of `ESC [ x` (ANSI cursor keys) and `ESC O x` (VT100 application cursor keys, keypad). */
const FINALS = new Map<string, KeyName>([
  ['A', 'up'],
  ['B', 'down'],
  ['C', 'right'],
  ['D', 'left'],
  ['H', 'home'],
  ['F', 'end'],
  ['M', 'enter'],
]);

/** Numbers of `ESC [ n ~`. */
const TILDES = new Map<string, KeyName>([
  ['1', 'home'],
  ['7', 'home'],
  ['4', 'end'],
  ['8', 'end'],
  ['3', 'delete'],
  ['5', 'page-up'],
  ['6', 'page-down'],
  ['21', 'f10'],
]);

/** Bytes of one escape sequence that are kept; what is longer is no key. */
const SEQUENCE_LENGTH = 32;

type DecoderState = 'ground' | 'escape' | 'csi' | 'linux-function' | 'ss3' | 'string' | 'utf-8';

/**
 * Turns bytes into keys. A lone Escape and the start of a sequence look alike: while `pending` is true the caller waits
 * a moment and then calls `flush`.
 */
export class KeyDecoder {
  private state: DecoderState = 'ground';
  private collected: number[] = [];
  private needed = 0;

  /** Whether the bytes so far may be the start of a longer key. */
  get pending(): boolean {
    return this.state !== 'ground';
  }

  /** The keys that the bytes complete. */
  feed(bytes: Uint8Array): Key[] {
    const keys: Key[] = [];
    for (const byte of bytes) this.accept(byte, keys);
    return keys;
  }

  /** What a sequence that does not go on was after all; the decoder starts afresh. */
  flush(): Key[] {
    const keys: Key[] = [];
    if (this.state === 'escape') keys.push(named('escape'));
    else if ((this.state === 'csi' || this.state === 'ss3') && this.collected.length === 0) {
      keys.push(named('escape'), { kind: 'text', text: this.state === 'csi' ? '[' : 'O' });
    } else if (this.state !== 'ground') keys.push(UNKNOWN);
    this.reset();
    return keys;
  }

  private reset(): void {
    this.state = 'ground';
    this.collected = [];
  }

  private accept(byte: number, keys: Key[]): void {
    switch (this.state) {
      case 'ground':
        this.ground(byte, keys);
        return;
      case 'escape':
        this.afterEscape(byte, keys);
        return;
      case 'ss3':
        this.reset();
        keys.push(namedOrUnknown(FINALS.get(String.fromCharCode(byte))));
        return;
      case 'linux-function':
        this.reset();
        keys.push(UNKNOWN);
        return;
      case 'csi':
        this.control(byte, keys);
        return;
      case 'string':
        // OSC, DCS and the like: text up to BEL or `ESC \`, whose backslash is no key.
        if (byte === 0x07 || (byte === 0x5c && this.collected[0] === ESCAPE)) {
          this.reset();
          keys.push(UNKNOWN);
        } else this.collected = [byte];
        return;
      case 'utf-8':
        this.continueText(byte, keys);
        return;
    }
  }

  private ground(byte: number, keys: Key[]): void {
    if (byte === ESCAPE) this.state = 'escape';
    else if (byte === 0x0d || byte === 0x0a) keys.push(named('enter'));
    else if (byte === 0x09) keys.push(named('tab'));
    else if (byte === 0x08 || byte === 0x7f) keys.push(named('backspace'));
    else if (byte >= 0x01 && byte <= 0x1a) keys.push({ kind: 'control', letter: String.fromCharCode(byte + 0x60) });
    else if (byte >= 0x20 && byte < 0x7f) keys.push({ kind: 'text', text: String.fromCharCode(byte) });
    else if (byte >= 0xc2 && byte < 0xf5) {
      this.state = 'utf-8';
      this.collected = [byte];
      this.needed = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    } else keys.push(UNKNOWN);
  }

  private afterEscape(byte: number, keys: Key[]): void {
    const char = String.fromCharCode(byte);
    if (char === '[') this.state = 'csi';
    else if (char === 'O') this.state = 'ss3';
    else if (char === ']' || char === 'P' || char === '_' || char === '^') this.state = 'string';
    else {
      // Escape, quickly followed by another key (or another Escape).
      this.reset();
      keys.push(named('escape'));
      this.ground(byte, keys);
    }
  }

  private control(byte: number, keys: Key[]): void {
    if (byte === ESCAPE) {
      this.reset();
      keys.push(UNKNOWN);
      this.state = 'escape';
    } else if (byte === 0x5b && this.collected.length === 0) {
      this.state = 'linux-function'; // the Linux console sends F1 as `ESC [ [ A`
    } else if (byte >= 0x40 && byte <= 0x7e) {
      const parameters = String.fromCharCode(...this.collected);
      this.reset();
      if (byte === 0x7e) keys.push(namedOrUnknown(TILDES.get(parameters)));
      // With parameters it is an arrow with a modifier (`1;5A`) or an answer of the terminal (`?1;2c`).
      else keys.push(/^[\d;]*$/.test(parameters) ? namedOrUnknown(FINALS.get(String.fromCharCode(byte))) : UNKNOWN);
    } else if (byte < 0x20 || byte > 0x7e || this.collected.length >= SEQUENCE_LENGTH) {
      this.reset();
      keys.push(UNKNOWN);
    } else this.collected.push(byte);
  }

  private continueText(byte: number, keys: Key[]): void {
    if ((byte & 0xc0) !== 0x80) {
      this.reset();
      keys.push(UNKNOWN);
      this.ground(byte, keys);
      return;
    }
    this.collected.push(byte);
    if (this.collected.length < this.needed) return;
    const text = Buffer.from(this.collected).toString('utf8');
    this.reset();
    // Overlong forms and surrogates decode to replacement characters; C1 controls are no text.
    keys.push(/^[^\u0080-\u009f\ufffd]$/u.test(text) ? { kind: 'text', text } : UNKNOWN);
  }
}

function namedOrUnknown(name: KeyName | undefined): Key {
  return name === undefined ? UNKNOWN : named(name);
}

/** One word for a key, to compare with in handlers: its name, `^x` for control, or the character itself. */
export function keyWord(key: Key): string {
  switch (key.kind) {
    case 'named':
      return key.name;
    case 'control':
      return `^${key.letter}`;
    case 'text':
      return key.text;
    case 'unknown':
      return '';
  }
}
