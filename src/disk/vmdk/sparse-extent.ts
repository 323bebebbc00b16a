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

/** The bytes of a sparse extent; grains that are not stored are zeros. */
export class SparseExtent extends MappedSource {
  readonly size: number;
  private readonly grainBytes: number;
  private readonly grains: ClusterCache;

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
    const first = await this.grainSector(Math.floor(offset / this.grainBytes));
    const start = Math.floor(offset / this.grainBytes) * this.grainBytes;
    let end = start + this.grainBytes;
    const compressed = (this.header.flags & Flag.compressed) !== 0;
    if (first !== 0 && compressed) {
      const grain = await this.grains.get(first, () => this.decompress(first));
      return { source: grain, offset: offset - start, length: Math.min(length, end - offset) };
    }
    while (end < offset + length) {
      const next = await this.grainSector(Math.floor(end / this.grainBytes));
      if (first === 0 ? next !== 0 : next !== first + (end - start) / SECTOR) break;
      end += this.grainBytes;
    }
    const run = Math.min(length, end - offset);
    if (first === 0) return { source: null, offset: 0, length: run };
    const place = first * SECTOR + (offset - start);
    checkRange(this.source, place, run);
    return { source: this.source, offset: place, length: run };
  }

  /** The sector of a grain; 0 where it is not stored. */
  private async grainSector(grain: number): Promise<number> {
    const { gdOffset, numGTEsPerGT, flags } = this.header;
    const directory = (gdOffset ?? 0) * SECTOR;
    const table = await this.entry(directory + Math.floor(grain / numGTEsPerGT) * 4);
    if (table === 0) return 0;
    const sector = await this.entry(table * SECTOR + (grain % numGTEsPerGT) * 4);
    if (sector === 1 && (flags & Flag.zeroGrainTableEntry) !== 0) return 0;
    return sector;
  }

  private async entry(at: number): Promise<number> {
    const bytes = await this.source.read(at, 4);
    return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
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
