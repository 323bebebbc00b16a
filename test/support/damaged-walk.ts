/** Everything that a damaged filesystem is asked for in a mutation test: only success or a `TygrubError` may come of it. */
import type { FileNode, FileSystem } from '../../fs-readers/index.js';
import { TygrubError } from '../../src/errors.js';

/** What one walk may do: a damaged image can look like an endless tree of directories. */
export interface WalkBounds {
  readonly nodes: number;
  readonly depth: number;
  /** Bytes read from the start and the end of each file. */
  readonly bytes: number;
}

/** Lists, looks up and reads what a filesystem holds. @returns nodes visited; anything but a `TygrubError` is thrown */
export async function walkDamaged(open: () => Promise<FileSystem>, bounds: WalkBounds): Promise<number> {
  let nodes = 0;
  const ours = (error: unknown): void => {
    if (!(error instanceof TygrubError)) throw error;
  };
  const visit = async (node: FileNode, depth: number): Promise<void> => {
    nodes += 1;
    if (nodes > bounds.nodes) return;
    try {
      await node.attributes();
      if (node.type === 'f') {
        const source = await node.open();
        await source.read(0, Math.min(bounds.bytes, source.size));
        const tail = Math.min(bounds.bytes, source.size);
        await source.read(source.size - tail, tail);
      } else if (node.type === 'l') await node.readLink();
      else if (node.type === 'd' && depth < bounds.depth) {
        let last: Uint8Array | null = null;
        for await (const entry of node.entries()) {
          if (nodes > bounds.nodes) break;
          last = entry.name;
          try {
            await visit(await entry.node(), depth + 1);
          } catch (error) {
            ours(error);
          }
        }
        if (last !== null) await node.lookup(last);
      }
    } catch (error) {
      ours(error);
    }
  };
  try {
    const fs = await open();
    await visit(await fs.root(), 0);
    if (fs.warnings.length > 1001) throw new Error(`${fs.warnings.length} warnings`);
  } catch (error) {
    ours(error);
  }
  return nodes;
}
