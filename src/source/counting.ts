import type { ByteSource } from './byte-source.js';

/** Counts what is read from a source: tests and benchmarks hold tygrub to bounds with it. A leaf for `locate`. */
export class CountingSource implements ByteSource {
  /** Bytes read so far; a byte read twice counts twice. */
  bytesRead = 0;
  /** Calls so far. */
  reads = 0;

  constructor(readonly inner: ByteSource) {}

  get size(): number {
    return this.inner.size;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    this.bytesRead += length;
    this.reads += 1;
    return this.inner.read(offset, length);
  }

  async readInto(offset: number, target: Uint8Array): Promise<void> {
    if (this.inner.readInto === undefined) {
      target.set(await this.read(offset, target.length));
      return;
    }
    this.bytesRead += target.length;
    this.reads += 1;
    await this.inner.readInto(offset, target);
  }

  async close(): Promise<void> {
    await this.inner.close?.();
  }
}
