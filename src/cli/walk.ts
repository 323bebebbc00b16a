/** Walking a directory tree of a guest, bounded in depth and number, going on past what cannot be read. */
import type { FileNode } from '../../fs-readers/index.js';
import { compareBytes } from '../bytes/text.js';
import { limitReached, type Problem, problemOf } from '../errors.js';
import type { Limits } from '../limits.js';
import { joinPath } from './file-json.js';

/** One step of a walk. */
export interface Visited {
  readonly path: Uint8Array;
  readonly name: Uint8Array;
  readonly depth: number;
  /** Null where the node cannot be read; `problem` then says why. */
  readonly node: FileNode | null;
  /** Also set on a directory whose listing failed, after its readable entries. */
  readonly problem: Problem | null;
}

/** The entries of a directory, sorted by the bytes of their names, with the failure of the listing where there was one. */
export async function sortedEntries(
  node: FileNode,
): Promise<{ names: { name: Uint8Array; node: () => Promise<FileNode> }[]; problem: Problem | null }> {
  const names: { name: Uint8Array; node: () => Promise<FileNode> }[] = [];
  let problem: Problem | null = null;
  try {
    for await (const entry of node.entries()) names.push({ name: entry.name, node: () => entry.node() });
  } catch (error) {
    problem = problemOf(error);
  }
  names.sort((a, b) => compareBytes(a.name, b.name));
  return { names, problem };
}

/**
 * Visits a node and everything below it, each directory before its contents, names in byte order.
 * @throws TygrubError limit when the tree is deeper than `walkDepth` or has more than `directoryEntries` names in all
 */
export async function* walk(path: Uint8Array, start: FileNode, limits: Limits): AsyncGenerator<Visited> {
  let seen = 0;
  // Directories on the way down: a hostile disk may link a directory into itself.
  const above = new Set<string>();
  async function* visit(at: Uint8Array, name: Uint8Array, node: FileNode, depth: number): AsyncGenerator<Visited> {
    seen += 1;
    if (seen > limits.directoryEntries) throw limitReached('directoryEntries', `more than ${limits.directoryEntries} files in one walk`);
    yield { path: at, name, depth, node, problem: null };
    if (node.type !== 'd') return;
    if (above.has(node.id)) {
      yield { path: at, name, depth, node, problem: { code: 'walk.loop', message: 'this directory contains itself' } };
      return;
    }
    if (depth >= limits.walkDepth) throw limitReached('walkDepth', `directories are nested more than ${limits.walkDepth} deep`);
    above.add(node.id);
    const { names, problem } = await sortedEntries(node);
    for (const entry of names) {
      const child = joinPath(at, entry.name);
      let childNode: FileNode;
      try {
        childNode = await entry.node();
      } catch (error) {
        yield { path: child, name: entry.name, depth: depth + 1, node: null, problem: problemOf(error) };
        continue;
      }
      yield* visit(child, entry.name, childNode, depth + 1);
    }
    if (problem !== null) yield { path: at, name, depth, node, problem };
    above.delete(node.id);
  }
  yield* visit(path, new Uint8Array(0), start, 0);
}
