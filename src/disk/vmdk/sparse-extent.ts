/** A hosted sparse extent: a directory of tables of grains. */
import { corrupt, unsupported } from '../../errors.js';
import type { Limits } from '../../limits.js';
import { type ByteSource, checkRange, MappedSource, type Run } from '../../source/byte-source.js';
import { ClusterCache, decodeCluster } from '../cluster-cache.js';
import { COWD_MAGIC, Flag, FOOTER_FROM_END, GRAIN_MARKER, SECTOR, SPARSE_EXTENT_HEADER, SPARSE_MAGIC } from './layout.js';

type Header = ReturnType<typeof SPARSE_EXTENT_HEADER.decode>;

/** Bytes of decompressed grains that are kept. */
const KEPT = 4 * 1024 * 1024;
/** Grains are 4 KiB to 1 MiB in practice; the format only says "a power of two above 4 KiB". */
const MAX_GRAIN = 16 * 1024 * 1024;

/** The header at the start, or the footer in its place where the header says so. */
export async function readSparseHeader(source: ByteSource): Promise<Header> {
  const header = SPARSE_EXTENT_HEADER.decode(await source.read(0, Math.min(source.size, SPARSE_EXTENT_HEADER.size)));
  if (header.magicNumber === COWD_MAGIC) throw unsupported('vmdk.cowd', "ESX server's sparse extents (COWD) are not read");
  if (header.magicNumber !== SPARSE_MAGIC) throw corrupt('vmdk.magic', 'the extent is no sparse extent', { offset: 0 });
  checkHeader(header, 0);
  if (header.gdOffset !== null) return header;
  const at = source.size - FOOTER_FROM_END;
  if (at < SPARSE_EXTENT_HEADER.size) throw corrupt('vmdk.no-footer', 'the extent ends before its footer', { offset: source.size });
  const footer = SPARSE_EXTENT_HEADER.decode(await source.read(at, SPARSE_EXTENT_HEADER.size));
  if (footer.magicNumber !== SPARSE_MAGIC || footer.gdOffset === null) {
    throw corrupt('vmdk.no-footer', 'the footer of the streamOptimized extent is missing', {
      offset: at,
      hint: 'the file was cut off while it was copied',
    });
  }
  checkHeader(footer, at);
  return footer;
}

function checkHeader(header: Header, at: number): void {
  const offset = (field: Parameters<typeof SPARSE_EXTENT_HEADER.offsetOf>[0]) => ({ offset: at + SPARSE_EXTENT_HEADER.offsetOf(field) });
  if (header.version < 1 || header.version > 3)
    throw unsupported('vmdk.version', `version ${header.version} is not read`, offset('version'));
  const { grainSize, numGTEsPerGT } = header;
  if (grainSize < 1 || grainSize * SECTOR > MAX_GRAIN || (grainSize & (grainSize - 1)) !== 0) {
    throw corrupt('vmdk.grain-size', `grains of ${grainSize} sectors are impossible`, offset('grainSize'));
  }
  if (numGTEsPerGT < 1 || numGTEsPerGT > 65536)
    throw corrupt('vmdk.table-size', `${numGTEsPerGT} entries in a table are impossible`, offset('numGTEsPerGT'));
  if (header.capacity * SECTOR > Number.MAX_SAFE_INTEGER)
    throw corrupt('vmdk.capacity', 'the capacity is impossibly large', offset('capacity'));
  if ((header.flags & Flag.compressed) !== 0 && header.compressAlgorithm !== 1) {
    throw unsupported('vmdk.compression', `compression ${header.compressAlgorithm} is not read`, offset('compressAlgorithm'));
  }
}

/** One table of the directory; without entries where the directory has none, so that all its grains are zeros. */
interface GrainTable {
  readonly index: number;
  readonly entries: DataView | null;
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The bytes of a sparse extent; grains that are not stored are zeros. */
export class SparseExtent extends MappedSource {
  readonly size: number;
  private readonly grainBytes: number;
  private readonly grains: ClusterCache;
  /** The table that was used last: neighbours are asked for next. */
  private last: GrainTable | null = null;

  constructor(
    private readonly source: ByteSource,
    private readonly header: Header,
    private readonly limits: Limits,
  ) {
    super();
    this.size = header.capacity * SECTOR;
    this.grainBytes = header.grainSize * SECTOR;
    this.grains = new ClusterCache(Math.max(1, Math.floor(KEPT / this.grainBytes)));
  }

  protected async map(offset: number, length: number): Promise<Run> {
    const grain = Math.floor(offset / this.grainBytes);
    const start = grain * this.grainBytes;
    const first = this.sectorIn(await this.table(grain), grain);
    if (first !== 0 && (this.header.flags & Flag.compressed) !== 0) {
      const unpacked = await this.grains.get(first, () => this.decompress(first));
      return { source: unpacked, offset: offset - start, length: Math.min(length, start + this.grainBytes - offset) };
    }
    const end = Math.ceil((offset + length) / this.grainBytes);
    let next = grain + 1;
    for (let same = true; same && next < end; ) {
      const table = await this.table(next);
      const tableEnd = Math.min(end, (table.index + 1) * this.header.numGTEsPerGT);
      if (table.entries === null && first === 0) next = tableEnd;
      while (same && next < tableEnd) {
        same = this.sectorIn(table, next) === (first === 0 ? 0 : first + (next - grain) * this.header.grainSize);
        if (same) next++;
      }
    }
    const run = Math.min(length, next * this.grainBytes - offset);
    if (first === 0) return { source: null, offset: 0, length: run };
    const place = first * SECTOR + (offset - start);
    checkRange(this.source, place, run);
    return { source: this.source, offset: place, length: run };
  }

  /** The table that has the grain's entry. */
  private async table(grain: number): Promise<GrainTable> {
    const { gdOffset, numGTEsPerGT } = this.header;
    const index = Math.floor(grain / numGTEsPerGT);
    if (this.last?.index === index) return this.last;
    const sector = view(await this.source.read((gdOffset ?? 0) * SECTOR + index * 4, 4)).getUint32(0, true);
    const size = Math.min(numGTEsPerGT, Math.ceil(this.size / this.grainBytes) - index * numGTEsPerGT) * 4;
    const entries = sector === 0 ? null : view(await this.source.read(sector * SECTOR, size));
    this.last = { index, entries };
    return this.last;
  }

  /** The sector of a grain; 0 where it is not stored. */
  private sectorIn({ index, entries }: GrainTable, grain: number): number {
    if (entries === null) return 0;
    const sector = entries.getUint32((grain - index * this.header.numGTEsPerGT) * 4, true);
    return sector === 1 && (this.header.flags & Flag.zeroGrainTableEntry) !== 0 ? 0 : sector;
  }

  private async decompress(sector: number): Promise<Uint8Array> {
    const at = sector * SECTOR;
    const { dataSize } = GRAIN_MARKER.decode(await this.source.read(at, GRAIN_MARKER.size));
    // Deflate never makes data much larger: what claims to be is no grain.
    if (dataSize === 0 || dataSize > this.grainBytes * 2 + SECTOR) {
      throw corrupt('vmdk.grain', `a compressed grain of ${dataSize} bytes is impossible`, { offset: at });
    }
    const packed = await this.source.read(at + GRAIN_MARKER.size, dataSize);
    return decodeCluster('zlib', packed, this.grainBytes, this.limits);
  }
}
