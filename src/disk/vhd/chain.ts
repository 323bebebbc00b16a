/**
 * Differencing disks: from a leaf to the last parent. A parent is whatever lies under one of the names that the child
 * gives and has the UUID that the child gives; its timestamp is not compared, because hiding or coalescing changes it.
 */
import { formatUuid, isZero } from '../../bytes/uuid.js';
import { corrupt, limitReached, notFound, problemOf, TygrubError, usageError, type Warning } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { ByteSource } from '../../source/byte-source.js';
import type { Neighbour } from '../../source/neighbours.js';
import { readCopy, readTail } from './find-footer.js';
import { isSparse } from './footer-sector.js';
import { DiskType, FOOTER } from './layout.js';
import { type ChainMember, cached, isAliasName, openFolderMember, openMember } from './member.js';
import { baseName, candidateNames, isVhdName } from './parent-names.js';
import { FixedDisk, SparseDisk } from './sparse-disk.js';
import { fileBlocks, type VhdFile } from './vhd-file.js';
import { isVhdFolder, type VhdFolder } from './vhd-folder.js';

/** How parents are looked for. */
export interface ChainOptions {
  readonly limits: Limits;
  readonly force: boolean;
  readonly allowRawParent: boolean;
}

/** A chain, from the leaf up; complete when `problem` is null. */
export interface Chain {
  readonly members: readonly ChainMember[];
  /** Why the next parent could not be opened. */
  readonly problem: TygrubError | null;
  /** Gives back what was opened for the parents. */
  close(): Promise<void>;
}

/**
 * Follows a chain as far as it goes. The leaf stays the caller's to close.
 * @throws only what is no `TygrubError`; a link that fails ends the chain with its `problem`
 */
export async function followChain(leaf: ChainMember, options: ChainOptions): Promise<Chain> {
  const members: ChainMember[] = [leaf];
  const close = async () => {
    for (const member of members.slice(1)) await member.close();
  };
  try {
    for (let child = leaf; hasParent(child); ) {
      if (members.length > options.limits.chainLength) {
        throw limitReached('chainLength', `the chain has more than ${options.limits.chainLength} parents: ${chainText(members)}`);
      }
      child = await new ParentSearch(members, child, options).run();
      members.push(child);
    }
    return { members, problem: null, close };
  } catch (error) {
    if (!(error instanceof TygrubError)) {
      await close();
      throw error;
    }
    return { members, problem: error, close };
  }
}

/** The virtual disks of all links of a complete chain, the leaf's first; each reads through to those after it. */
export function chainDisks(members: readonly ChainMember[], limits: Limits): ByteSource[] {
  const disks: ByteSource[] = [];
  for (const { vhd: level } of [...members].reverse()) {
    const parent = disks[0] ?? null;
    if (level.layout === 'raw') disks.unshift(level.source);
    else if (level.layout === 'folder') disks.unshift(new SparseDisk(level.blocks, level.size, parent));
    else if (level.sparse === null) disks.unshift(new FixedDisk(level.source, level.size, level.found.sector.offset));
    else disks.unshift(new SparseDisk(fileBlocks(level, level.sparse, limits), level.size, parent));
  }
  return disks;
}

/** The warnings of all links; those of parents name their file. */
export function chainWarnings(members: readonly ChainMember[]): Warning[] {
  return members.flatMap(({ vhd: level, path }, index) => {
    if (level.layout === 'raw') return [];
    return index === 0 ? level.warnings : level.warnings.map((warning) => ({ ...warning, message: `${path}: ${warning.message}` }));
  });
}

/** The chain for people: each link's path and UUID, the leaf first. */
export function chainText(members: readonly ChainMember[]): string {
  return members.map(({ path, vhd }) => (vhd.layout === 'raw' ? `${path} (raw)` : `${path} (${vhd.uuid})`)).join(' -> ');
}

type Differencing = ChainMember & { readonly vhd: VhdFile | VhdFolder };

function hasParent(member: ChainMember): member is Differencing {
  return member.vhd.layout !== 'raw' && member.vhd.footer.diskType === DiskType.differencing;
}

/** The names that a differencing disk gives its parent, as paths to try. */
export function parentCandidates(vhd: VhdFile | VhdFolder, limits: Limits): string[] {
  const sparse = vhd.layout === 'file' ? vhd.sparse : vhd;
  if (sparse === null) return [];
  const stated = sparse.locators.flatMap(({ platform, text }) => (text === null ? [] : [{ platform, text }]));
  return candidateNames([...stated, { platform: 'unicode', text: sparse.parentName }], limits);
}

/** The UUID that a differencing disk expects of its parent, 16 bytes; all zero for a raw parent. */
export function expectedParent(vhd: VhdFile | VhdFolder): Uint8Array {
  const placed = vhd.layout === 'file' ? vhd.sparse?.placed : vhd.placed;
  return placed?.header.parentUniqueId ?? new Uint8Array(16);
}

/** The search for the parent of one link. */
class ParentSearch {
  private readonly attempts: string[] = [];
  private readonly tried = new Set<string>();
  private readonly wanted: string;
  private readonly wantsRaw: boolean;
  private readonly child: string;
  private forbidden: TygrubError | null = null;
  private wrong = 0;

  constructor(
    private readonly members: readonly ChainMember[],
    private readonly member: Differencing,
    private readonly options: ChainOptions,
  ) {
    const uuid = expectedParent(member.vhd);
    this.wanted = formatUuid(uuid);
    this.wantsRaw = isZero(uuid);
    this.child = member.path === '' ? 'the disk' : member.path;
  }

  async run(): Promise<ChainMember> {
    const names = parentCandidates(this.member.vhd, this.options.limits);
    if (this.wantsRaw && !this.options.allowRawParent) {
      throw usageError(
        'vhd.parent-raw',
        `${this.child} has a raw disk as parent (${names[0] ?? 'without a name'}), which no UUID vouches for`,
        {
          hint: 'where the name is right, allow it with --allow-raw-parent',
        },
      );
    }
    for (const name of names) {
      const parent = await this.tryName(name, true);
      if (parent !== null) return parent;
    }
    const found = this.wantsRaw ? null : await this.searchDirectory();
    if (found !== null) return found;
    throw this.failure(names.length);
  }

  /** The file or folder of a name, when it is the parent. `told`: a failure is worth telling. */
  private async tryName(name: string, told: boolean): Promise<ChainMember | null> {
    let candidate: ChainMember | null;
    try {
      candidate = await this.openName(name);
    } catch (error) {
      if (!(error instanceof TygrubError)) throw error;
      if (!told) return null;
      if (error.code === 'source.outside-directory') {
        this.forbidden ??= error;
        // What to do about it is said once, at the end.
        this.attempts.push(error.message.startsWith(`${name} `) ? error.message : `${name}: ${error.message}`);
      } else this.attempts.push(`${name}: ${problemOf(error).message}`);
      return null;
    }
    if (candidate === null) {
      if (told) this.attempts.push(`${name}: not there`);
      return null;
    }
    const uuid = candidate.vhd.layout === 'raw' ? this.wanted : candidate.vhd.uuid;
    if (uuid !== this.wanted) {
      await candidate.close();
      if (told) {
        this.wrong++;
        this.attempts.push(`${name}: has the UUID ${uuid}`);
      }
      return null;
    }
    const seen = this.members.find((known) => isSame(known, candidate));
    if (seen === undefined) return candidate;
    await candidate.close();
    throw corrupt('vhd.cycle', `the chain of parents leads back to ${seen.path}: ${chainText([...this.members, candidate])}`);
  }

  /** @returns null when there is nothing of that name, or it was looked at under another name */
  private async openName(name: string): Promise<ChainMember | null> {
    const { neighbours } = this.member;
    const { limits, force } = this.options;
    const file = await neighbours.open(name);
    if (file === null) {
      const folder = await neighbours.folder?.(name);
      if (folder === null || folder === undefined || this.tried.has(folder.identity) || !(await isVhdFolder(folder))) return null;
      this.tried.add(folder.identity);
      return openFolderMember(folder, folder, { limits, force, scan: false });
    }
    if (this.tried.has(file.identity)) {
      await file.source.close?.();
      return null;
    }
    this.tried.add(file.identity);
    const placed = { ...file, source: cached(file.source, limits) };
    if (this.wantsRaw && !isAliasName(file.path)) return this.openRaw(placed);
    return openMember(placed, true, { limits, force, scan: false });
  }

  /** A raw parent has no UUID, but a VHD that has one is no raw disk: its metadata must not be shown as data. */
  private async openRaw(file: Neighbour): Promise<ChainMember> {
    try {
      if (file.source.size < FOOTER.size) throw corrupt('vhd.parent-size', `it has ${file.source.size} bytes, less than a sector`);
      const [tail, copy] = [await readTail(file.source), await readCopy(file.source)];
      const footer =
        tail.state === 'valid' ? tail.footer : copy.state === 'valid' && copy.footer !== null && isSparse(copy.footer) ? copy.footer : null;
      if (footer !== null)
        return await openMember(file, false, { limits: this.options.limits, force: this.options.force, scan: false }).then((member) => ({
          ...member,
          close: async () => file.source.close?.(),
        }));
      const vhd = { layout: 'raw', source: file.source, path: file.path, size: file.source.size } as const;
      return { vhd, path: file.path, identity: file.identity, neighbours: file.neighbours, close: async () => file.source.close?.() };
    } catch (error) {
      await file.source.close?.();
      throw error;
    }
  }

  /** No name leads to the parent: perhaps it lies in the directory under another one. */
  private async searchDirectory(): Promise<ChainMember | null> {
    const { parentSearch } = this.options.limits;
    let names: string[];
    try {
      names = (await this.member.neighbours.list()).filter(isVhdName).sort();
    } catch (error) {
      this.attempts.push(problemOf(error).message);
      return null;
    }
    const own = baseName(this.member.path);
    const searched = names.slice(0, parentSearch);
    for (const name of searched) {
      const parent = name === own ? null : await this.tryName(name, false);
      if (parent !== null) return parent;
    }
    const rest = names.length > searched.length ? `, ${names.length - searched.length} more were not looked at (limit parentSearch)` : '';
    this.attempts.push(`${searched.length} VHDs in the directory: none has that UUID${rest}`);
    return null;
  }

  private failure(names: number): TygrubError {
    const wanted = this.wantsRaw ? 'its raw parent' : `its parent with the UUID ${this.wanted}`;
    const sofar = this.members.length > 1 ? `; the chain so far: ${chainText(this.members)}` : '';
    const details = { attempts: this.attempts };
    if (this.forbidden !== null) {
      const hint = this.forbidden.hint === undefined ? {} : { hint: this.forbidden.hint };
      return usageError('vhd.parent-outside', `${this.child} names ${wanted} in a place that is not allowed${sofar}`, {
        ...details,
        ...hint,
      });
    }
    const hint = 'name its directory with --parent-dir DIR';
    if (this.wrong > 0) {
      return corrupt('vhd.parent-uuid', `what ${this.child} names is not ${wanted}${sofar}`, { ...details, hint });
    }
    const what = names === 0 ? `${this.child} gives no name of ${wanted}` : `${this.child}: ${wanted} was not found`;
    return notFound('vhd.parent-missing', `${what}${sofar}`, { ...details, hint });
  }
}

function isSame(a: ChainMember, b: ChainMember): boolean {
  if (a.identity !== null && a.identity === b.identity) return true;
  if (a.vhd.layout === 'raw' || b.vhd.layout === 'raw') return false;
  return a.vhd.uuid === b.vhd.uuid && !isZero(a.vhd.footer.uniqueId);
}
