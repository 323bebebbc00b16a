/** The content of a file as a source over its extents. */
import { type ByteSource, checkRange, MappedSource, type Run } from '../../src/source/byte-source.js';
import { MemorySource } from '../../src/source/memory.js';
import { decompress } from './compression.js';
import { type FileExtent, FileExtents, type StoredExtent } from './file-extent.js';
import { type Inode, inodeText } from './inode.js';
import { COMPRESSION, INODE_FLAG } from './layout.js';
import type { BtrfsVolume } from './volume.js';

/** A compressed extent: decompressed as a whole when its first byte is asked for. */
class CompressedExtent implements ByteSource {
  readonly size: number;
  private content: Promise<Uint8Array> | undefined;

  constructor(
    private readonly file: FileContent,
    private readonly extent: FileExtent,
    /** The file's place in it may end behind the compressed data, which are then followed by zeros. */
    size: number,
  ) {
    this.size = size;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    checkRange(this, offset, length);
    this.content ??= this.file.decompressed(this.extent, this.size);
    return (await this.content).subarray(offset, offset + length);
  }
}

/** A regular file or the target of a link. */
export class FileContent extends MappedSource {
  readonly size: number;
  private readonly extents: FileExtents;
  /** The compressed extent that was read last: pieces of a file are asked for in order. */
  private last: { readonly extent: FileExtent; readonly source: ByteSource } | null = null;

  constructor(
    private readonly volume: BtrfsVolume,
    private readonly inode: Inode,
  ) {
    super();
    this.size = inode.fields.size;
    this.extents = new FileExtents(inode, volume.superblock.fields.sectorsize);
  }

  protected async map(offset: number, length: number): Promise<Run> {
    const { extent, end } = await this.extents.at(offset);
    const most = Math.min(length, end - offset);
    if (extent === null || extent.content === null) return { source: null, offset: 0, length: most };
    const inside = offset - extent.start + extent.offset;
    if (extent.compression !== COMPRESSION.NONE) return { source: this.compressed(extent), offset: inside, length: most };
    if (extent.content instanceof Uint8Array) return { source: new MemorySource(extent.content), offset: inside, length: most };
    const address = extent.content.address + inside;
    if (this.isUnverified) return this.volume.storage.run(address, most, null);
    return { source: this.volume.data, offset: address, length: most };
  }

  /** Decompresses an extent of this file. @param size bytes wanted, at least those that the extent has */
  async decompressed(extent: FileExtent, size: number): Promise<Uint8Array> {
    const input = extent.content instanceof Uint8Array ? extent.content : await this.stored(extent.content as StoredExtent);
    const what = `the extent at byte ${extent.start} of ${inodeText(this.inode)}`;
    const { sectorsize } = this.volume.superblock.fields;
    const content = await decompress(extent.compression, input, extent.ramBytes, sectorsize, what);
    if (content.length >= size) return content;
    const padded = new Uint8Array(size);
    padded.set(content);
    return padded;
  }

  /** Files without data checksums (`chattr +C`). */
  private get isUnverified(): boolean {
    return (this.inode.fields.flags.low & INODE_FLAG.NODATASUM) !== 0;
  }

  private stored({ address, length }: StoredExtent): Promise<Uint8Array> {
    return this.isUnverified ? this.volume.storage.readCopy(address, length, null) : this.volume.data.read(address, length);
  }

  private compressed(extent: FileExtent): ByteSource {
    if (this.last?.extent === extent) return this.last.source;
    const size = Math.max(extent.ramBytes, extent.offset + extent.length);
    this.last = { extent, source: new CompressedExtent(this, extent, size) };
    return this.last.source;
  }
}
