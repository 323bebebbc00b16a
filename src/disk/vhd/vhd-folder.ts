/**
 * Xen Orchestra's VhdDirectory: a dynamic or differencing VHD as a folder with the files `footer`, `header`, `bat` (one
 * bit for each block), `parentLocatorEntry0` to `7` and `blocks/<thousands>/<rest>`. `chunk-filters.json` names the
 * compression of all of them.
 */
import { decodeUtf8 } from '../../bytes/text.js';
import { formatUuid } from '../../bytes/uuid.js';
import { type Codec, type CodecName, codec } from '../../codec/codec.js';
import { corrupt, limitReached, TygrubError, unsupported, type Warning } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { ByteSource } from '../../source/byte-source.js';
import { MemorySource } from '../../source/memory.js';
import type { NeighbourFolder } from '../../source/neighbours.js';
import { readAll } from '../../source/read-all.js';
import { isPresent } from './block-bitmap.js';
import { bitmapSectors, blockCount, type PlacedHeader, parseDynamicHeader } from './dynamic-header.js';
import { FolderBlockStore } from './folder-blocks.js';
import { inspectFooter, isSparse, requireSupported } from './footer-sector.js';
import { DYNAMIC_HEADER, FOOTER, type Footer, MAX_DISK_SIZE, SECTOR } from './layout.js';
import { locatorEntries, locatorText, type ParentLocator, parentUnicodeName } from './parent-locators.js';

/** A VhdDirectory, without its parents. */
export interface VhdFolder {
  readonly layout: 'folder';
  readonly path: string;
  readonly footer: Footer;
  readonly uuid: string;
  /** Bytes of the virtual disk. */
  readonly size: number;
  readonly placed: PlacedHeader;
  readonly locators: readonly ParentLocator[];
  readonly parentName: string;
  /** The compression of the files; null for none. */
  readonly filter: 'gzip' | 'brotli' | null;
  readonly blocks: FolderBlockStore;
  readonly warnings: readonly Warning[];
}

const FILTERS: ReadonlyMap<string, CodecName & ('gzip' | 'brotli')> = new Map([
  ['gzip', 'gzip'],
  ['brotli', 'brotli'],
]);

/** Whether a folder looks like a VhdDirectory. */
export async function isVhdFolder(folder: NeighbourFolder): Promise<boolean> {
  const names = new Set(await folder.files.list());
  return names.has('footer') && names.has('header') && names.has('bat');
}

/**
 * Reads everything but the blocks.
 * @throws TygrubError corrupt, unsupported, not-found
 */
export async function readVhdFolder(
  folder: NeighbourFolder,
  options: { readonly limits: Limits; readonly force: boolean },
): Promise<VhdFolder> {
  const { limits, force } = options;
  const filter = await readFilter(folder, limits);
  const files = new FolderFiles(folder, filter === null ? null : await codec(filter));
  const sector = inspectFooter(await files.exactly('footer', FOOTER.size), 0);
  const { footer } = sector;
  if (footer === null || (sector.state !== 'valid' && !force)) {
    throw corrupt('vhd.footer-checksum', `the footer of ${folder.path} is damaged`, {
      hint: 'where the remote is encrypted, read it through Xen Orchestra; --force ignores a wrong checksum',
    });
  }
  requireSupported(footer, 0);
  if (!isSparse(footer))
    throw unsupported('vhd.folder-fixed', `${folder.path} says that it is a fixed disk, which a VhdDirectory cannot be`);
  const placed = parseDynamicHeader(await files.exactly('header', DYNAMIC_HEADER.size), 0, force);
  const { currentSize } = footer;
  if (currentSize === null || currentSize > MAX_DISK_SIZE) {
    throw corrupt('vhd.size', `the footer gives the disk ${currentSize ?? 'more than 2^53'} bytes; a VHD has at most ${MAX_DISK_SIZE}`);
  }
  const { blockSize } = placed.header;
  const size = currentSize - (currentSize % SECTOR);
  const bits = Math.min(blockCount(size, blockSize), placed.header.maxTableEntries);
  const table = await files.upTo('bat', placed.header.maxTableEntries, Math.ceil(bits / 8), limits);
  const bitmapBytes = bitmapSectors(blockSize) * SECTOR;
  const blocks = new FolderBlockStore(
    { blockSize, bitmapBytes, allocated: (index) => index < bits && isPresent(table, index), blocks: bits },
    (index) => files.block(index, bitmapBytes + blockSize, limits),
    limits,
  );
  const warnings: Warning[] = sector.state === 'valid' ? [] : [{ code: 'vhd.footer-checksum', message: 'the footer has a wrong checksum' }];
  return {
    layout: 'folder',
    path: folder.path,
    footer,
    uuid: formatUuid(footer.uniqueId),
    size,
    placed,
    locators: await readLocators(files, placed, limits),
    parentName: parentUnicodeName(placed.header),
    filter,
    blocks,
    warnings,
  };
}

async function readFilter(folder: NeighbourFolder, limits: Limits): Promise<'gzip' | 'brotli' | null> {
  const file = await folder.files.open('chunk-filters.json');
  if (file === null) return null;
  let names: unknown;
  try {
    const text = decodeUtf8(await readAll(file.source, limits.configSize, 'configSize', file.path));
    names = JSON.parse(text ?? '');
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw corrupt('vhd.folder-filters', `${file.path} is not JSON: ${error.message}`);
  } finally {
    await file.source.close?.();
  }
  const name: unknown = Array.isArray(names) ? names[0] : names;
  if (name === undefined || name === null || name === 'none') return null;
  const filter = typeof name === 'string' ? FILTERS.get(name) : undefined;
  if (filter === undefined)
    throw unsupported('vhd.folder-filter', `${file.path} names the filter ${JSON.stringify(name)}; gzip and brotli are read`);
  return filter;
}

async function readLocators(files: FolderFiles, { header }: PlacedHeader, limits: Limits): Promise<ParentLocator[]> {
  const out: ParentLocator[] = [];
  for (const { index, entry } of locatorEntries(header)) {
    const row = { index, entry, platform: entry.platformCode };
    try {
      const payload = await files.upTo(`parentLocatorEntry${index}`, limits.parentLocatorSize, 0, limits);
      out.push({ ...row, text: locatorText(entry.platformCode, payload.subarray(0, entry.platformDataLength)), problem: null });
    } catch (error) {
      if (!(error instanceof TygrubError)) throw error;
      out.push({ ...row, text: null, problem: error.summary });
    }
  }
  return out;
}

/** The files of the folder, decompressed. */
class FolderFiles {
  constructor(
    private readonly folder: NeighbourFolder,
    private readonly filter: Codec | null,
  ) {}

  /** The content of a file that has a certain size. */
  async exactly(name: string, size: number): Promise<Uint8Array> {
    return this.using(name, async (source) => {
      const content = await this.decoded(source, size, size, 'decompressedSize', name);
      if (content.length !== size) throw this.wrongSize(name, content.length, size);
      return content;
    });
  }

  /** The content of a file of at most `most` bytes, of which at least `least` are needed and kept. */
  async upTo(name: string, most: number, least: number, limits: Limits): Promise<Uint8Array> {
    if (least > limits.batCacheSize) throw limitReached('batCacheSize', `${least} bytes of ${name} would be kept in memory`);
    return this.using(name, async (source) => {
      const allowed = Math.min(most, limits.batCacheSize);
      const content =
        this.filter === null
          ? await source.read(0, Math.min(source.size, allowed))
          : await this.decoded(source, allowed, limits.batCacheSize, 'batCacheSize', name);
      if (content.length < least) throw this.wrongSize(name, content.length, least);
      return least === 0 ? content : content.slice(0, least);
    });
  }

  /** The file of a block; a compressed one is decompressed as a whole. The caller closes it. */
  async block(index: number, size: number, limits: Limits): Promise<ByteSource> {
    const name = `blocks/${Math.floor(index / 1000)}/${index % 1000}`;
    const file = await this.folder.files.open(name);
    if (file === null) throw corrupt('vhd.folder-block', `block ${index} is allocated, but ${this.folder.path}/${name} is not there`);
    if (this.filter === null) {
      if (file.source.size === size) return file.source;
      await file.source.close?.();
      throw this.wrongSize(name, file.source.size, size);
    }
    try {
      if (size > limits.cacheSize) throw limitReached('cacheSize', `a compressed block of ${size} bytes would be kept in memory`);
      const content = await this.decoded(file.source, size, size, 'decompressedSize', name);
      if (content.length !== size) throw this.wrongSize(name, content.length, size);
      return new MemorySource(content);
    } finally {
      await file.source.close?.();
    }
  }

  private async using<T>(name: string, use: (source: ByteSource) => Promise<T>): Promise<T> {
    const file = await this.folder.files.open(name);
    if (file === null) throw corrupt('vhd.folder-file', `${this.folder.path} has no file ${name}`);
    try {
      return await use(file.source);
    } finally {
      await file.source.close?.();
    }
  }

  /** @param packed bytes that the stored file may have: compression may also make a file a little larger */
  private async decoded(source: ByteSource, most: number, packed: number, limitName: string, name: string): Promise<Uint8Array> {
    const content = await readAll(source, packed + Math.ceil(packed / 64) + FOOTER.size, limitName, `${this.folder.path}/${name}`);
    return this.filter === null ? content : this.filter.decodeBlock(content, most);
  }

  private wrongSize(name: string, size: number, wanted: number): TygrubError {
    return corrupt('vhd.folder-file-size', `${this.folder.path}/${name} has ${size} bytes, ${wanted} were expected`);
  }
}
