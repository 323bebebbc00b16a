/** Paths through any filesystem, as the kernel's name lookup walks them: `.`, `..`, `//`, symbolic links, all bounded. */
import { encodeUtf8, nameText } from '../src/bytes/text.js';
import { corrupt, limitReached, notFound } from '../src/errors.js';
import type { Limits } from '../src/limits.js';
import type { FileNode, FileSystem } from './filesystem.js';

const SLASH = 0x2f;

/** A node and the path, without links, at which it was found. */
export interface Resolved {
  readonly node: FileNode;
  /** Absolute, `/` between components; names as `nameText` gives them. */
  readonly path: string;
}

/** Splits a path at slashes; empty components vanish. */
export function pathComponents(path: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let start = 0;
  for (let i = 0; i <= path.length; i++) {
    if (i === path.length || path[i] === SLASH) {
      if (i > start) parts.push(path.subarray(start, i));
      start = i + 1;
    }
  }
  return parts;
}

/**
 * Names that were looked up in one filesystem, found or not. A boot loader's search asks for the same directories again
 * and again, and a filesystem reads and checks a directory block each time.
 */
export class LookupCache {
  private readonly known = new Map<string, FileNode | null>();

  /** @param capacity names kept at most (`Limits.cachedNames`) */
  constructor(private readonly capacity: number) {}

  /** As `directory.lookup(name)`. */
  async lookup(directory: FileNode, name: Uint8Array): Promise<FileNode | null> {
    const key = `${directory.id}/${nameText(name)}`;
    const kept = this.known.get(key);
    if (kept !== undefined) return kept;
    const node = await directory.lookup(name);
    if (this.known.size < this.capacity) this.known.set(key, node);
    return node;
  }
}

/**
 * Finds the node of a path. Absolute and relative links are followed inside the filesystem, relative ones from their own
 * directory; `..` of the root is the root. The path starts at the root whether or not it begins with `/`. Where the
 * filesystem has a top level above its root (btrfs), what is not found from the root is looked for from there: boot loaders
 * write paths of both kinds.
 * @param path text (UTF-8) or bytes
 * @param followLast whether a link at the very end is followed (`stat`) or returned (`lstat`)
 * @throws TygrubError not-found `path.not-found` naming the component, limit (symlinks, pathLength, pathDepth), and what
 * the reader throws
 */
export async function resolvePath(fs: FileSystem, path: string | Uint8Array, limits: Limits, followLast = true): Promise<Resolved> {
  const found = await walkPath(fs, path, limits, followLast, null);
  if (found instanceof Missing) throw notFound(found.code, found.message);
  return found;
}

/**
 * As `resolvePath`, but gives null for a path that does not exist: for searches, where most paths do not.
 * @throws TygrubError limit (symlinks, pathLength, pathDepth), and what the reader throws
 */
export async function findPath(
  fs: FileSystem,
  path: string | Uint8Array,
  limits: Limits,
  followLast: boolean,
  cache: LookupCache,
): Promise<Resolved | null> {
  const found = await walkPath(fs, path, limits, followLast, cache);
  return found instanceof Missing ? null : found;
}

/** Why a path does not exist. */
class Missing {
  constructor(
    readonly code: string,
    readonly message: string,
  ) {}
}

async function walkPath(
  fs: FileSystem,
  path: string | Uint8Array,
  limits: Limits,
  followLast: boolean,
  cache: LookupCache | null,
): Promise<Resolved | Missing> {
  const asked = typeof path === 'string' ? path : nameText(path);
  const bytes = typeof path === 'string' ? encodeUtf8(path) : path;
  if (bytes.length > limits.pathLength) throw limitReached('pathLength', `the path ${asked.slice(0, 60)}... is ${bytes.length} bytes long`);
  const found = await walkFrom(await fs.root(), bytes, asked, limits, followLast, cache);
  if (!(found instanceof Missing) || fs.topLevel === undefined) return found;
  const above = await walkFrom(await fs.topLevel(), bytes, asked, limits, followLast, cache);
  return above instanceof Missing ? found : above;
}

async function walkFrom(
  root: FileNode,
  bytes: Uint8Array,
  asked: string,
  limits: Limits,
  followLast: boolean,
  cache: LookupCache | null,
): Promise<Resolved | Missing> {
  const trail: { node: FileNode; name: string }[] = [];
  const current = (): FileNode => trail[trail.length - 1]?.node ?? root;
  const text = (): string => `/${trail.map((step) => step.name).join('/')}`;
  // What is still to be walked, the next component last.
  let pending = pathComponents(bytes).reverse();
  const mustBeDirectory = bytes[bytes.length - 1] === SLASH;
  let links = 0;
  for (let steps = 0; ; steps++) {
    const name = pending.pop();
    if (name === undefined) break;
    if (steps > limits.pathDepth + limits.pathLength) throw limitReached('pathDepth', `${asked} has too many components`);
    if (name.length === 1 && name[0] === 0x2e) {
      if (current().type !== 'd') return notADirectory(text(), asked);
      continue;
    }
    if (name.length === 2 && name[0] === 0x2e && name[1] === 0x2e) {
      if (current().type !== 'd') return notADirectory(text(), asked);
      trail.pop();
      continue;
    }
    const directory = current();
    if (directory.type !== 'd') return notADirectory(text(), asked);
    const node = cache === null ? await directory.lookup(name) : await cache.lookup(directory, name);
    if (node === null) return new Missing('path.not-found', `${asked} does not exist: ${text()} has no ${nameText(name)}`);
    const last = pending.length === 0;
    if (node.type === 'l' && (!last || followLast || mustBeDirectory)) {
      links += 1;
      if (links > limits.symlinks) throw limitReached('symlinks', `${asked} leads through more than ${limits.symlinks} symbolic links`);
      const target = await node.readLink();
      if (target.length === 0) throw corrupt('path.empty-link', `the symbolic link ${text()}/${nameText(name)} has an empty target`);
      if (target.length > limits.pathLength)
        throw limitReached('pathLength', `the target of ${text()}/${nameText(name)} is ${target.length} bytes long`);
      if (target[0] === SLASH) trail.length = 0;
      pending = pending.concat(pathComponents(target).reverse());
      if (pending.length > limits.pathLength) throw limitReached('pathLength', `${asked} becomes too long through its symbolic links`);
      continue;
    }
    if (trail.length >= limits.pathDepth) throw limitReached('pathDepth', `${asked} is more than ${limits.pathDepth} directories deep`);
    trail.push({ node, name: nameText(name) });
  }
  if (mustBeDirectory && current().type !== 'd') return notADirectory(text(), asked);
  return { node: current(), path: text() };
}

function notADirectory(where: string, asked: string): Missing {
  return new Missing('path.not-a-directory', `${asked} does not exist: ${where} is not a directory`);
}
