/** The terminal: raw keys in, changed rows out, and everything as it was at the end. */
import type { ReadStream, WriteStream } from 'node:tty';
import { drawChanges, drawWhole, type Frame, type Size, withKeptRow } from './frame.js';
import { type Key, KeyDecoder } from './keys.js';
import { usableSize } from './layout.js';

/** How long a lone Escape is waited with, in milliseconds, for the rest of an arrow key on a slow line. */
const ESCAPE_WAIT = 200;

/** What the terminal tells. */
export interface TerminalListener {
  key(key: Key): void;
  resize(size: Size): void;
  /** The terminal is gone, or a signal asked to end. Called once. */
  hangup(): void;
}

/** Signals that end the menu as a closed terminal does. */
const ENDING = ['SIGHUP', 'SIGTERM', 'SIGINT'] as const;

/** A terminal in use by the menu, from `start` to `stop`. */
export class Terminal {
  private readonly decoder = new KeyDecoder();
  private shown: Frame | null = null;
  private escapeTimer: NodeJS.Timeout | undefined;
  private listener: TerminalListener | null = null;

  constructor(
    private readonly input: ReadStream,
    private readonly output: WriteStream,
  ) {}

  /** The size now. */
  get size(): Size {
    return usableSize(this.output.columns, this.output.rows);
  }

  /** Takes the terminal over. */
  start(listener: TerminalListener): void {
    this.listener = listener;
    for (const signal of ENDING) process.on(signal, this.onHangup);
    for (const event of ['end', 'close', 'error']) this.input.on(event, this.onHangup);
    this.output.on('error', this.onHangup);
    this.output.on('resize', this.onResize);
    this.input.on('data', this.onData);
    try {
      this.input.setRawMode(true);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
      this.onHangup(); // EIO: the other side was closed before we began
      return;
    }
    this.input.resume();
  }

  /** Shows a picture: only what differs from the last one is written. */
  show(picture: Frame): void {
    if (this.listener === null) return;
    const frame = withKeptRow(this.shown, picture);
    const bytes = this.shown === null ? drawWhole(frame) : drawChanges(this.shown, frame);
    this.shown = frame;
    if (bytes !== '') this.output.write(bytes);
  }

  /** Forgets what is on the screen: the next picture is drawn whole. */
  forget(): void {
    this.shown = null;
  }

  /** Gives the terminal back, with the cursor below what was shown. */
  stop(): void {
    if (this.listener === null) return;
    this.listener = null;
    clearTimeout(this.escapeTimer);
    for (const signal of ENDING) process.off(signal, this.onHangup);
    for (const event of ['end', 'close']) this.input.off(event, this.onHangup);
    this.output.off('resize', this.onResize);
    this.input.off('data', this.onData);
    // Handlers of `error` stay: a terminal that goes away while it is given back must not end the program.
    try {
      if (this.shown !== null) this.output.write(`\x1b[m\x1b[r\x1b[${this.shown.size.rows};1H\r\n`);
      this.input.setRawMode(false);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error; // EIO: gone already, nothing to give back
    }
    this.input.pause();
  }

  private readonly onData = (data: Buffer | string): void => {
    clearTimeout(this.escapeTimer);
    this.tell(this.decoder.feed(typeof data === 'string' ? Buffer.from(data, 'utf8') : data));
    if (this.decoder.pending) this.escapeTimer = setTimeout(() => this.tell(this.decoder.flush()), ESCAPE_WAIT);
  };

  private tell(keys: readonly Key[]): void {
    for (const key of keys) this.listener?.key(key);
  }

  private readonly onResize = (): void => {
    this.forget();
    this.listener?.resize(this.size);
  };

  private readonly onHangup = (): void => {
    this.listener?.hangup();
  };
}
