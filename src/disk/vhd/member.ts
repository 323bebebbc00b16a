/** One link of a chain: a VHD file, a VhdDirectory, or the raw disk at the bottom; opened under its name or an alias. */
import { decodeUtf8 } from '../../bytes/text.js';
import { corrupt, notFound } from '../../errors.js';
import type { Limits } from '../../limits.js';
import { BlockCache } from '../../source/block-cache.js';
import type { ByteSource } from '../../source/byte-source.js';
import type { NeighbourFolder, Neighbours } from '../../source/neighbours.js';
import { readAll } from '../../source/read-all.js';
import type { ContainerOptions } from '../container.js';
import { readVhdFile, type VhdFile } from './vhd-file.js';
import { readVhdFolder, type VhdFolder } from './vhd-folder.js';

/** A raw disk as the last parent of a chain. */
export interface RawDisk {
  readonly layout: 'raw';
  readonly source: ByteSource;
  readonly path: string;
  readonly size: number;
}

/** A link of a chain. */
export interface ChainMember {
  readonly vhd: VhdFile | VhdFolder | RawDisk;
  /** The name under which it was found: the alias where there is one. */
  readonly path: string;
  /** Equal for two names of the same file; null for the first link where the program did not say. */
  readonly identity: string | null;
  /** The files beside it. */
  readonly neighbours: Neighbours;
  /** Gives back what was opened for this link. */
  close(): Promise<void>;
}

/** How links are opened. */
export interface MemberOptions {
  readonly limits: Limits;
  readonly force: boolean;
  /** Search for footers that were left behind. */
  readonly scan: boolean;
}

const ALIAS = '.alias.vhd';

/** Whether a name is that of an alias: a small file with the path of the VHD (Xen Orchestra). */
export function isAliasName(path: string): boolean {
  return path.endsWith(ALIAS);
}

/** A file that is there, with its surroundings. */
export interface PlacedSource {
  readonly source: ByteSource;
  readonly path: string;
  readonly identity: string | null;
  readonly neighbours: Neighbours;
}

/**
 * Opens a VHD file, or what an alias leads to.
 * @returns the link; closing it closes what was opened beyond the given source, and that too when `owned`
 * @throws TygrubError corrupt, unsupported, not-found (an alias that leads nowhere), usage (a forbidden place)
 */
export async function openMember(file: PlacedSource, owned: boolean, options: MemberOptions): Promise<ChainMember> {
  try {
    if (!isAliasName(file.path)) return await fileMember(file, owned, options);
    const member = await openAlias(file, options);
    if (owned) await file.source.close?.();
    return member;
  } catch (error) {
    if (owned) await file.source.close?.();
    throw error;
  }
}

/** Opens a VhdDirectory; `at` tells under which name it was found and what lies beside that. */
export async function openFolderMember(
  folder: NeighbourFolder,
  at: { readonly path: string; readonly neighbours: Neighbours },
  options: MemberOptions,
): Promise<ChainMember> {
  const vhd = await readVhdFolder(folder, options);
  return { vhd, path: at.path, identity: folder.identity, neighbours: at.neighbours, close: () => vhd.blocks.close() };
}

/**
 * The leaf of a chain, without its parents.
 * @param scan search for a footer that was left behind
 */
export function openLeaf(source: ByteSource, options: ContainerOptions, scan: boolean): Promise<ChainMember> {
  const { folder, path, neighbours } = options;
  const how = { limits: options.limits, force: options.force, scan };
  if (folder !== undefined) return openFolderMember(folder, { path, neighbours }, how);
  return openMember({ source, path, neighbours, identity: null }, false, how);
}

async function fileMember(file: PlacedSource, owned: boolean, options: MemberOptions): Promise<ChainMember> {
  const { source, path, identity, neighbours } = file;
  const vhd = await readVhdFile(source, { ...options, path });
  return {
    vhd,
    path,
    identity,
    neighbours,
    close: async () => {
      if (owned) await source.close?.();
    },
  };
}

async function openAlias(alias: PlacedSource, options: MemberOptions): Promise<ChainMember> {
  const { limits } = options;
  const text = decodeUtf8(await readAll(alias.source, limits.aliasSize, 'aliasSize', `the alias ${alias.path}`));
  const target = text?.trim() ?? '';
  if (target === '' || isAliasName(target)) {
    throw corrupt('vhd.alias', `${alias.path} should hold the path of a VHD${target === '' ? '' : ', but names another alias'}`);
  }
  const at = { path: alias.path, neighbours: alias.neighbours };
  const folder = await alias.neighbours.folder?.(target);
  if (folder !== null && folder !== undefined) return openFolderMember(folder, at, options);
  const file = await alias.neighbours.open(target);
  if (file === null) throw notFound('vhd.alias-target', `${alias.path} names ${target}, which is not there`);
  try {
    const member = await fileMember({ ...at, source: cached(file.source, limits), identity: file.identity }, true, options);
    return member;
  } catch (error) {
    await file.source.close?.();
    throw error;
  }
}

/** A parent's metadata are cached in its share of what one disk may use. */
export function cached(source: ByteSource, limits: Limits): BlockCache {
  return new BlockCache(source, limits.cacheSize / limits.chainLength);
}
