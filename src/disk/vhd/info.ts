/** `vhd info`: all that a VHD says of itself and its chain, as plain data. */
import { formatUuid } from '../../bytes/uuid.js';
import { type Problem, problemOf, type TygrubError, type Warning } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { ByteSource } from '../../source/byte-source.js';
import type { ContainerOptions } from '../container.js';
import { keyHash } from './batmap.js';
import { chainWarnings, followChain } from './chain.js';
import { creatorName } from './creators.js';
import type { FooterPlace } from './find-footer.js';
import type { FooterState } from './footer-sector.js';
import { geometrySize } from './geometry.js';
import { DISK_TYPE_NAMES, EPOCH, FEATURE_TEMPORARY, FOOTER, type Footer } from './layout.js';
import { type ChainMember, openLeaf } from './member.js';
import { growableSize, type Survey, surveyBlocks } from './survey.js';
import { isDifferencing, type SparseParts, type VhdFile } from './vhd-file.js';
import type { VhdFolder } from './vhd-folder.js';
import { thickVolumeSize } from './xen-layout.js';

/** The footer, decoded. Sizes in bytes, times as ISO 8601. */
export interface FooterInfo {
  readonly place: FooterPlace | 'folder';
  /** Byte offset; null in a folder. */
  readonly offset: number | null;
  /** What stands in the last sector and at offset 0; null in a folder. */
  readonly tail: FooterState | null;
  readonly copy: FooterState | null;
  readonly features: number;
  readonly temporary: boolean;
  readonly version: string;
  readonly created: string;
  readonly creator: { readonly application: string; readonly name: string | null; readonly version: string; readonly hostOs: string };
  readonly originalSize: number | null;
  readonly currentSize: number | null;
  readonly geometry: { readonly cylinders: number; readonly heads: number; readonly sectorsPerTrack: number; readonly size: number };
  readonly savedState: boolean;
  readonly hidden: boolean;
  readonly checksum: number;
}

/** The dynamic header and what hangs on it. */
export interface HeaderInfo {
  readonly offset: number;
  readonly tableOffset: number | null;
  readonly maxTableEntries: number;
  readonly blockSize: number;
  readonly checksum: number;
}

/** The blocks of one file of a chain. */
export interface BlocksInfo {
  readonly total: number;
  readonly allocated: number;
  /** Bytes of the allocated blocks. */
  readonly allocatedSize: number;
  /** From 0 to 1. */
  readonly share: number;
}

/** How the blocks lie in the file. */
export interface LayoutInfo {
  /** Blocks whose data start at a multiple of 4096, and the others. */
  readonly aligned: number;
  readonly unaligned: number;
  readonly firstUnaligned: number | null;
  readonly strides: readonly { readonly bytes: number; readonly count: number }[];
  /** Where the content ends; a footer must stand after it. */
  readonly dataEnd: number;
  /** How far the disk could grow without moving data. */
  readonly growableSize: number;
  /** Entries that cannot be right, pairs that overlap, blocks that were cut off. */
  readonly badEntries: number;
  readonly overlapping: number;
  readonly cutBlocks: number;
}

export interface BatmapInfo {
  readonly offset: number;
  readonly version: string;
  readonly size: number;
  readonly marker: number;
  /** The hash of the key of an encrypted disk, in hexadecimal; null where it is not encrypted. */
  readonly keyHash: string | null;
}

export interface ParentInfo {
  readonly uuid: string;
  readonly raw: boolean;
  readonly name: string;
  /** The parent's time of change when this disk was made; null where the header does not say. */
  readonly changed: string | null;
  readonly locators: readonly {
    readonly platform: string;
    readonly text: string | null;
    readonly offset: number | null;
    readonly problem: string | null;
  }[];
}

/** One file of the chain. */
export interface MemberInfo {
  readonly path: string;
  readonly type: string;
  readonly uuid: string | null;
  readonly size: number;
  readonly hidden: boolean;
  readonly blocks: BlocksInfo | null;
}

/** What a VHD says of itself: its footer, its header, its parents. */
export interface VhdInfo {
  readonly path: string;
  /** `file` or `folder` (Xen Orchestra's VhdDirectory). */
  readonly layout: 'file' | 'folder';
  /** `fixed`, `dynamic` or `differencing`. */
  readonly type: string;
  readonly uuid: string;
  /** Bytes of the virtual disk. */
  readonly size: number;
  /** Bytes of the file; null for a folder. */
  readonly fileSize: number | null;
  readonly filter: string | null;
  readonly footer: FooterInfo;
  readonly header: HeaderInfo | null;
  readonly blocks: BlocksInfo | null;
  readonly arrangement: LayoutInfo | null;
  readonly batmap: BatmapInfo | null;
  readonly parent: ParentInfo | null;
  /** The leaf first; it ends early where `chainProblem` says so. */
  readonly chain: readonly MemberInfo[];
  readonly chainProblem: Problem | null;
  /** What Xen's storage manager would give a fully provisioned logical volume for this disk, in bytes. */
  readonly thickVolumeSize: number;
  readonly warnings: readonly Warning[];
}

/**
 * Reads what a VHD says of itself.
 * @param source the file, cached; options as for opening it
 * @throws TygrubError where the VHD itself cannot be read; a chain that ends early is told in the result
 */
export async function vhdInfo(source: ByteSource, options: ContainerOptions): Promise<VhdInfo> {
  const leaf = await openLeaf(source, options, true);
  try {
    const chain = await followChain(leaf, options);
    try {
      return await infoOf(leaf, chain.members, chain.problem, options);
    } finally {
      await chain.close();
    }
  } finally {
    await leaf.close();
  }
}

async function infoOf(
  leaf: ChainMember,
  members: readonly ChainMember[],
  problem: TygrubError | null,
  options: ContainerOptions,
): Promise<VhdInfo> {
  const { vhd } = leaf;
  if (vhd.layout === 'raw') throw new RangeError('the leaf of a chain is a VHD');
  const sparse = vhd.layout === 'file' ? vhd.sparse : vhd;
  const chain: MemberInfo[] = [];
  let own: Survey | null = null;
  for (const member of members) {
    const survey = await surveyOf(member, options.limits);
    own ??= survey;
    chain.push(memberInfo(member, survey));
  }
  return {
    path: leaf.path,
    layout: vhd.layout,
    type: typeName(vhd.footer),
    uuid: vhd.uuid,
    size: vhd.size,
    fileSize: vhd.layout === 'file' ? vhd.source.size : null,
    filter: vhd.layout === 'folder' ? vhd.filter : null,
    footer: footerInfo(vhd),
    header: sparse === null ? null : headerInfo(sparse),
    blocks: chain[0]?.blocks ?? null,
    arrangement: vhd.layout === 'file' && vhd.sparse !== null && own !== null ? arrangement(vhd.sparse, own) : null,
    batmap: vhd.layout === 'file' ? batmapInfo(vhd.sparse) : null,
    parent: sparse === null || !isDifferencing(vhd.footer) ? null : parentInfo(sparse),
    chain,
    chainProblem: problem === null ? null : problemOf(problem),
    thickVolumeSize: thickVolumeSize(vhd.size),
    warnings: chainWarnings(members),
  };
}

function footerInfo(vhd: VhdFile | VhdFolder): FooterInfo {
  const { footer } = vhd;
  const found = vhd.layout === 'file' ? vhd.found : null;
  const { cylinders, heads, sectorsPerTrack } = footer;
  return {
    place: found?.place ?? 'folder',
    offset: found?.sector.offset ?? null,
    tail: found?.tail.state ?? null,
    copy: found?.copy.state ?? null,
    features: footer.features,
    temporary: (footer.features & FEATURE_TEMPORARY) !== 0,
    version: versionText(footer.fileFormatVersion),
    created: isoTime(footer.timestamp),
    creator: {
      application: footer.creatorApplication,
      name: creatorName(footer.creatorApplication),
      version: versionText(footer.creatorVersion),
      hostOs: footer.creatorHostOs,
    },
    originalSize: footer.originalSize,
    currentSize: footer.currentSize,
    geometry: { cylinders, heads, sectorsPerTrack, size: geometrySize(footer) },
    savedState: footer.savedState !== 0,
    hidden: footer.hidden !== 0,
    checksum: footer.checksum,
  };
}

function headerInfo({ placed }: Pick<SparseParts, 'placed'>): HeaderInfo {
  const { tableOffset, maxTableEntries, blockSize, checksum } = placed.header;
  return { offset: placed.offset, tableOffset, maxTableEntries, blockSize, checksum };
}

function batmapInfo(sparse: SparseParts | null): BatmapInfo | null {
  if (sparse === null || sparse.batmap === null) return null;
  const { header, offset } = sparse.batmap;
  return {
    offset,
    version: versionText(header.batmapVersion),
    size: header.batmapSize * FOOTER.size,
    marker: header.marker,
    keyHash: keyHash(sparse.batmap),
  };
}

function parentInfo({ placed, locators, parentName }: Pick<SparseParts, 'placed' | 'locators' | 'parentName'>): ParentInfo {
  const { parentUniqueId, parentTimestamp } = placed.header;
  return {
    uuid: formatUuid(parentUniqueId),
    raw: parentUniqueId.every((byte) => byte === 0),
    name: parentName,
    changed: parentTimestamp === 0 ? null : isoTime(parentTimestamp),
    locators: locators.map(({ platform, text, entry, problem }) => ({ platform, text, offset: entry.platformDataOffset, problem })),
  };
}

/** The BAT of a file as a whole; null for a raw or fixed disk and for a folder. */
async function surveyOf({ vhd }: ChainMember, limits: Limits): Promise<Survey | null> {
  return vhd.layout === 'file' && vhd.sparse !== null ? surveyBlocks(vhd, vhd.sparse, limits) : null;
}

function memberInfo({ vhd, path }: ChainMember, survey: Survey | null): MemberInfo {
  if (vhd.layout === 'raw') return { path, type: 'raw', uuid: null, size: vhd.size, hidden: false, blocks: null };
  const base = { path, type: typeName(vhd.footer), uuid: vhd.uuid, size: vhd.size, hidden: vhd.footer.hidden !== 0 };
  if (vhd.layout === 'folder') {
    let allocated = 0;
    for (let index = 0; index < vhd.blocks.count; index++) if (vhd.blocks.isAllocated(index)) allocated++;
    return { ...base, blocks: blocksInfo(vhd.blocks.count, allocated, vhd.blocks.blockSize) };
  }
  if (vhd.sparse === null || survey === null) return { ...base, blocks: null };
  return { ...base, blocks: blocksInfo(survey.blocks, survey.allocated, vhd.sparse.geometry.blockSize) };
}

function blocksInfo(total: number, allocated: number, blockSize: number): BlocksInfo {
  return { total, allocated, allocatedSize: allocated * blockSize, share: total === 0 ? 0 : allocated / total };
}

function arrangement(sparse: SparseParts, survey: Survey): LayoutInfo {
  const { unaligned, firstUnaligned, strides, dataEnd, badEntries, overlapping, cutBlocks } = survey;
  return {
    aligned: survey.allocated - survey.bad.length - unaligned,
    unaligned,
    firstUnaligned,
    strides,
    dataEnd,
    growableSize: growableSize(sparse, survey),
    badEntries,
    overlapping,
    cutBlocks,
  };
}

function typeName(footer: Footer): string {
  return DISK_TYPE_NAMES.get(footer.diskType) ?? 'unknown';
}

function versionText(version: number): string {
  return `${version >>> 16}.${version & 0xffff}`;
}

/** A time of a VHD (seconds since 2000) as ISO 8601. */
function isoTime(timestamp: number): string {
  return new Date((timestamp + EPOCH) * 1000).toISOString().replace('.000Z', 'Z');
}
