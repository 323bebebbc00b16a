/**
 * Copying ranges between files of the host with two threads. Reading from and writing to the host's cache is nothing but
 * copying memory, so that a second processor saves time where a second read in flight does not. The second thread is a
 * convenience: whatever it does not do, for whatever reason, the first one does.
 */
import * as fs from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { HostFileSource } from '../source/host-file.js';
import { HOLE, PIECE } from './stored-chunks.js';

/** Bytes of one file that are to stand in the other. */
export interface CopyRange {
  readonly source: HostFileSource;
  readonly offset: number;
  readonly target: number;
  readonly length: number;
}

/** Ranges that are shared out at once. */
export const BATCH = 64;

/** What both threads see. */
interface Shared {
  /** The descriptor of the target. */
  readonly target: number;
  /** Four numbers for each range: the descriptor of its source, offset, place in the target, length. */
  readonly ranges: Float64Array;
  /** 0: the next range that nobody has taken; 1 + n: whether range n is copied. */
  readonly state: Int32Array;
  readonly piece: number;
  readonly hole: number;
}

/**
 * Takes ranges until there are none left; one that fails stays as not copied. The second thread has the text of this
 * function and nothing else of the program, so it names nothing that stands outside of it.
 * @param fs the module of that name
 * @param count ranges of this batch
 * @param atMost ranges that are taken before it returns
 */
function takeRanges(fs: typeof import('node:fs'), shared: Shared, count: number, atMost: number, buffer: Buffer, zeros: Buffer): void {
  const { ranges, state, target, piece, hole } = shared;
  const copy = (source: number, offset: number, place: number, length: number): void => {
    for (let at = 0; at < length; ) {
      // Pieces end at multiples of their size in the target, so that holes are found where they can be.
      const size = Math.min(length - at, piece - ((place + at) % piece));
      for (let got = 0; got < size; ) {
        const more = fs.readSync(source, buffer, got, size - got, offset + at + got);
        if (more === 0) throw new Error('the source ended early');
        got += more;
      }
      for (let start = 0; start < size; ) {
        let end = start;
        while (end < size && buffer.compare(zeros, 0, Math.min(hole, size - end), end, Math.min(size, end + hole)) !== 0) end += hole;
        const stop = Math.min(end, size);
        while (start < stop) start += fs.writeSync(target, buffer, start, stop - start, place + at + start);
        start = end + hole;
      }
      at += size;
    }
  };
  for (let taken = 0; taken < atMost; taken++) {
    const index = Atomics.add(state, 0, 1);
    if (index >= count) return;
    const at = index * 4;
    try {
      copy(ranges[at] as number, ranges[at + 1] as number, ranges[at + 2] as number, ranges[at + 3] as number);
      Atomics.store(state, 1 + index, 1);
    } catch {
      // The first thread tries it again, and says what is wrong.
    }
  }
}

const THREAD = `
const { parentPort, workerData } = require('node:worker_threads');
const takeRanges = ${takeRanges};
const buffer = Buffer.allocUnsafeSlow(workerData.piece), zeros = Buffer.alloc(workerData.hole);
parentPort.on('message', (count) => {
  takeRanges(require('node:fs'), workerData, count, count, buffer, zeros);
  parentPort.postMessage(count);
});`;

/** Ranges that the first thread copies before signals and timers get their turn. */
const TURN = 2;

/** Copies batches of ranges into one file of the host. */
export class RangeCopier {
  private readonly shared: Shared;
  private readonly buffer: Buffer;
  private readonly zeros: Buffer;
  /** Undefined before there was a need for it, null when there is none to be had. */
  private thread: Worker | null | undefined;
  /** The second thread has looked for ranges of the batch and found no more, or is no longer there. */
  private idle: Promise<void> = Promise.resolve();
  private becomeIdle: () => void = () => undefined;

  /** @param target a descriptor that is open for writing; the file has holes where nothing is written */
  constructor(target: number) {
    const ranges = new Float64Array(new SharedArrayBuffer(BATCH * 4 * Float64Array.BYTES_PER_ELEMENT));
    const state = new Int32Array(new SharedArrayBuffer((1 + BATCH) * Int32Array.BYTES_PER_ELEMENT));
    this.shared = { target, ranges, state, piece: PIECE, hole: HOLE };
    this.buffer = Buffer.allocUnsafeSlow(PIECE);
    this.zeros = Buffer.alloc(HOLE);
  }

  /**
   * Copies up to `BATCH` ranges, leaving out zeros.
   * @returns the ranges that could not be copied: copying them otherwise will tell why
   */
  async copy(batch: readonly CopyRange[]): Promise<readonly CopyRange[]> {
    const { ranges, state } = this.shared;
    ranges.set(batch.flatMap(({ source, offset, target, length }) => [source.fd, offset, target, length]));
    state.fill(0);
    if (batch.length > TURN) this.wakeThread(batch.length);
    while (Atomics.load(state, 0) < batch.length) {
      takeRanges(fs, this.shared, batch.length, TURN, this.buffer, this.zeros);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await this.idle;
    return batch.filter((_, index) => Atomics.load(state, 1 + index) === 0);
  }

  /** Ends the second thread. */
  async close(): Promise<void> {
    const { thread } = this;
    this.loseThread();
    await thread?.terminate();
  }

  private wakeThread(count: number): void {
    if (this.thread === undefined) this.thread = this.startThread();
    if (this.thread === null) return;
    this.idle = new Promise((resolve) => {
      this.becomeIdle = resolve;
    });
    this.thread.postMessage(count);
  }

  private startThread(): Worker | null {
    if (availableParallelism() < 2) return null;
    try {
      const thread = new Worker(THREAD, { eval: true, workerData: this.shared });
      thread.on('message', () => this.becomeIdle());
      thread.on('error', () => this.loseThread());
      thread.on('exit', () => this.loseThread());
      return thread;
    } catch {
      return null; // where threads are not allowed, one is enough
    }
  }

  private loseThread(): void {
    this.thread = null;
    this.becomeIdle();
  }
}
