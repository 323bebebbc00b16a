/**
 * The log (MS-VHDX 2.3): writes to the metadata that were under way when the file was last open. They are put over the
 * file in memory; the file itself is not touched.
 */
import { equalBytes } from '../../bytes/text.js';
import { corrupt, limitReached, unsupported } from '../../errors.js';
import type { Limits } from '../../limits.js';
import { type ByteSource, MappedSource, type Run } from '../../source/byte-source.js';
import { MemorySource } from '../../source/memory.js';
import { checksumOf } from './checksum.js';
import { type Header, isLater } from './header.js';
import { DESCRIPTOR_SIGNATURE, LOG_DATA_SECTOR, LOG_DESCRIPTOR, LOG_ENTRY_HEADER, LOG_SECTOR, LOG_ZERO_DESCRIPTOR, MiB } from './layout.js';

type EntryHeader = ReturnType<typeof LOG_ENTRY_HEADER.decode>;

/** A valid log entry and where it starts in the log. */
interface LogEntry {
  readonly at: number;
  readonly header: EntryHeader;
  readonly bytes: Uint8Array;
}

/** Whether a sequence number is the one after another. They start at random and use all 64 bits. */
function follows(next: { high: number; low: number }, previous: { high: number; low: number }): boolean {
  const low = (previous.low + 1) % 2 ** 32;
  return next.low === low && next.high === (low === 0 ? (previous.high + 1) % 2 ** 32 : previous.high);
}

/** The log as a ring. */
class LogRing {
  constructor(
    private readonly source: ByteSource,
    private readonly header: Header,
  ) {}

  get length(): number {
    return this.header.logLength;
  }

  /** Bytes from `at` on, going on at the start of the ring after its end. */
  private async read(at: number, length: number): Promise<Uint8Array> {
    const { logOffset } = this.header;
    const first = Math.min(length, this.length - at);
    const head = await this.source.read(logOffset + at, first);
    if (first === length) return head;
    const out = new Uint8Array(length);
    out.set(head);
    out.set(await this.source.read(logOffset, length - first), first);
    return out;
  }

  /** The entry at `at`; null when there is no valid one (2.3.1). */
  async entry(at: number): Promise<LogEntry | null> {
    const start = await this.read(at, LOG_ENTRY_HEADER.size);
    const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
    // 64-bit fields of what is no entry may be anything: look at the cheap signs first.
    if (view.getUint32(0, false) !== 0x6c6f6765) return null;
    const length = view.getUint32(LOG_ENTRY_HEADER.offsetOf('entryLength'), true);
    if (length < LOG_SECTOR || length % LOG_SECTOR !== 0 || length > this.length) return null;
    if (!equalBytes(start.subarray(32, 48), this.header.logGuid)) return null;
    const bytes = await this.read(at, length);
    if (view.getUint32(LOG_ENTRY_HEADER.offsetOf('checksum'), true) !== checksumOf(bytes)) return null;
    const header = LOG_ENTRY_HEADER.decode(bytes);
    if (header.tail % LOG_SECTOR !== 0 || header.tail >= this.length) return null;
    if (LOG_ENTRY_HEADER.size + header.descriptorCount * LOG_DESCRIPTOR.size > length) return null;
    return { at, header, bytes };
  }

  /** Valid entries with ascending sequence numbers from `at` on. */
  async sequence(at: number): Promise<LogEntry[]> {
    const entries: LogEntry[] = [];
    for (let place = at, used = 0; used < this.length; ) {
      const entry = await this.entry(place);
      const last = entries.at(-1);
      if (entry === null || (last !== undefined && !follows(entry.header.sequenceNumber, last.header.sequenceNumber))) break;
      entries.push(entry);
      used += entry.header.entryLength;
      place = (place + entry.header.entryLength) % this.length;
    }
    return entries;
  }
}

/** The entries to replay: those of the newest complete sequence, from its tail to its head (2.3.2). */
async function activeSequence(ring: LogRing): Promise<LogEntry[]> {
  let best: LogEntry[] = [];
  for (let at = 0; at < ring.length; ) {
    const entries = await ring.sequence(at);
    const head = entries.at(-1);
    if (head === undefined) {
      at += LOG_SECTOR;
      continue;
    }
    const tail = entries.findIndex((entry) => entry.at === head.header.tail);
    const newest = best.at(-1)?.header.sequenceNumber;
    if (tail >= 0 && (newest === undefined || isLater(head.header.sequenceNumber, newest))) best = entries.slice(tail);
    // A sequence that runs over the ring's end ends the search: what follows was seen at the start.
    at = tail >= 0 && head.at >= at ? head.at + head.header.entryLength : at + LOG_SECTOR;
  }
  return best;
}

/** A file as it is after the replay of its log. */
export class ReplayedFile extends MappedSource {
  /** Starts of the replaced stretches of `LOG_SECTOR` bytes, ascending. */
  private readonly starts: number[];

  /** @param sectors by file offset; null for zeros */
  constructor(
    private readonly file: ByteSource,
    private readonly sectors: ReadonlyMap<number, MemorySource | null>,
    readonly size: number,
  ) {
    super();
    this.starts = [...sectors.keys()].sort((a, b) => a - b);
  }

  protected map(offset: number, length: number): Run {
    const start = Math.floor(offset / LOG_SECTOR) * LOG_SECTOR;
    const sector = this.sectors.get(start);
    const inside = offset - start;
    if (sector !== undefined) {
      const there = Math.min(length, LOG_SECTOR - inside);
      return sector === null ? { source: null, offset: 0, length: there } : { source: sector, offset: inside, length: there };
    }
    const until = Math.min(length, this.nextStart(offset) - offset);
    if (offset >= this.file.size) return { source: null, offset: 0, length: until };
    return { source: this.file, offset, length: Math.min(until, this.file.size - offset) };
  }

  private nextStart(offset: number): number {
    let low = 0;
    let high = this.starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.starts[middle] as number) > offset) high = middle;
      else low = middle + 1;
    }
    return this.starts[low] ?? Number.POSITIVE_INFINITY;
  }
}

/**
 * Replays the log of a file that was not closed.
 * @returns the file with the log's writes, and how many entries were replayed
 * @throws TygrubError corrupt when the log holds no complete sequence or the file is shorter than it was when the log was
 * written; limit (`journalSize`, `journalBlocks`)
 */
export async function replayLog(file: ByteSource, header: Header, limits: Limits): Promise<{ file: ByteSource; entries: number }> {
  const { logOffset, logLength, logVersion } = header;
  if (logVersion !== 0) throw unsupported('vhdx.log-version', `log version ${logVersion} is not read`);
  if (logLength > limits.journalSize) throw limitReached('journalSize', `the log has ${logLength} bytes`, { offset: logOffset });
  if (logLength === 0 || logLength % MiB !== 0 || logOffset < MiB || logOffset + logLength > file.size) {
    throw corrupt('vhdx.log-place', 'the log is not inside the file', { offset: logOffset });
  }
  const entries = await activeSequence(new LogRing(file, header));
  const head = entries.at(-1);
  if (head === undefined)
    throw corrupt('vhdx.log', 'the file was not closed, and its log holds no complete sequence', { offset: logOffset });
  if (head.header.flushedFileOffset > file.size) {
    throw corrupt('vhdx.cut-off', `the file had ${head.header.flushedFileOffset} bytes when its log was written, it has ${file.size}`, {
      offset: file.size,
    });
  }
  const sectors = new Map<number, MemorySource | null>();
  for (const entry of entries) replayEntry(entry, sectors, limits, logOffset);
  return { file: new ReplayedFile(file, sectors, Math.max(file.size, head.header.lastFileOffset)), entries: entries.length };
}

function replayEntry(entry: LogEntry, sectors: Map<number, MemorySource | null>, limits: Limits, logOffset: number): void {
  const { header, bytes } = entry;
  const where = { offset: logOffset + entry.at };
  const put = (offset: number, sector: MemorySource | null): void => {
    if (sectors.size >= limits.journalBlocks && !sectors.has(offset)) {
      throw limitReached('journalBlocks', `the log replaces more than ${limits.journalBlocks} sectors`, where);
    }
    sectors.set(offset, sector);
  };
  let data = Math.ceil((LOG_ENTRY_HEADER.size + header.descriptorCount * LOG_DESCRIPTOR.size) / LOG_SECTOR) * LOG_SECTOR;
  for (let i = 0; i < header.descriptorCount; i++) {
    const at = LOG_ENTRY_HEADER.size + i * LOG_DESCRIPTOR.size;
    const zero = LOG_ZERO_DESCRIPTOR.sizeOf('signature');
    const signature = String.fromCharCode(...bytes.subarray(at, at + zero));
    if (signature === DESCRIPTOR_SIGNATURE.zero) {
      const { fileOffset, zeroLength } = LOG_ZERO_DESCRIPTOR.decode(bytes, at);
      checkAligned(fileOffset, zeroLength, where);
      for (let done = 0; done < zeroLength; done += LOG_SECTOR) put(fileOffset + done, null);
    } else if (signature === DESCRIPTOR_SIGNATURE.data) {
      const descriptor = LOG_DESCRIPTOR.decode(bytes, at);
      checkAligned(descriptor.fileOffset, LOG_SECTOR, where);
      if (data + LOG_SECTOR > bytes.length) throw corrupt('vhdx.log-entry', 'a log entry has fewer data sectors than descriptors', where);
      const sector = LOG_DATA_SECTOR.decode(bytes, data);
      if (
        sector.signature !== 'data' ||
        sector.sequenceHigh !== header.sequenceNumber.high ||
        sector.sequenceLow !== header.sequenceNumber.low
      ) {
        throw corrupt('vhdx.log-data', 'a data sector of the log belongs to another entry', where);
      }
      const content = new Uint8Array(LOG_SECTOR);
      content.set(descriptor.leadingBytes, 0);
      content.set(sector.data, descriptor.leadingBytes.length);
      content.set(descriptor.trailingBytes, LOG_SECTOR - descriptor.trailingBytes.length);
      put(descriptor.fileOffset, new MemorySource(content));
      data += LOG_SECTOR;
    } else {
      throw corrupt('vhdx.log-descriptor', 'a log entry holds an unknown descriptor', where);
    }
  }
}

function checkAligned(offset: number, length: number, where: { offset: number }): void {
  if (offset % LOG_SECTOR !== 0 || length % LOG_SECTOR !== 0)
    throw corrupt('vhdx.log-descriptor', 'a log descriptor is not aligned', where);
}
