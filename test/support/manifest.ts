/** Manifests of what another program read from an image, and the comparison with what a tygrub reader reads. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { FileNode, FileSystem } from '../../fs-readers/index.js';
import { TygrubError } from '../../src/errors.js';
import type { ByteSource } from '../../src/source/byte-source.js';

/** A row of a manifest; paths and targets in the manifest's escaped form. */
export interface ManifestRow {
  readonly path: string;
  readonly type: string;
  readonly mode: string;
  readonly uid: string;
  readonly gid: string;
  readonly nlink: string;
  readonly size: string;
  readonly mtime: string;
  readonly sha256: string;
  readonly target: string;
}

/** Rows and whether the walk that made them was cut off. */
export interface Manifest {
  readonly rows: ReadonlyMap<string, ManifestRow>;
  readonly truncated: boolean;
}

/** Reads a `.tsv` or `.tsv.gz` manifest. */
export function readManifest(path: string): Manifest {
  const raw = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(raw) : raw).toString('utf8');
  const rows = new Map<string, ManifestRow>();
  let truncated = false;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    if (line.startsWith('#')) {
      truncated ||= line.includes('TRUNCATED');
      continue;
    }
    const [p = '', type = '', mode = '', uid = '', gid = '', nlink = '', size = '', mtime = '', sha256 = '', target = ''] =
      line.split('\t');
    rows.set(p, { path: p, type, mode, uid, gid, nlink, size, mtime, sha256, target });
  }
  return { rows, truncated };
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A name in the manifests' escaped form. */
export function escapeName(name: Uint8Array): string {
  let out = '';
  for (let i = 0; i < name.length; ) {
    let length = 0;
    let text = '';
    for (const n of [1, 2, 3, 4]) {
      try {
        text = decoder.decode(name.subarray(i, i + n));
        if ([...text].length === 1) {
          length = n;
          break;
        }
      } catch {}
    }
    if (length === 0) {
      out += `\\x${(name[i] ?? 0).toString(16).padStart(2, '0')}`;
      i += 1;
      continue;
    }
    i += length;
    const code = text.codePointAt(0) ?? 0;
    if (text === '\\') out += '\\\\';
    else if (text === '\t') out += '\\t';
    else if (text === '\n') out += '\\n';
    else if (text === '\r') out += '\\r';
    else if (code < 0x20 || (code >= 0x7f && code < 0xa0) || code === 0x2028 || code === 0x2029 || code === 0xfeff) {
      for (const byte of new TextEncoder().encode(text)) out += `\\x${byte.toString(16).padStart(2, '0')}`;
    } else out += text;
  }
  return out;
}

/** SHA-256 of a whole source; above 1 GiB `big:<first MiB>:<last MiB>` as the manifests have it. */
export async function sha256(source: ByteSource): Promise<string> {
  const MiB = 1024 * 1024;
  if (source.size > 1024 * MiB) {
    const part = async (at: number) =>
      createHash('sha256')
        .update(await source.read(at, MiB))
        .digest('hex');
    return `big:${await part(0)}:${await part(source.size - MiB)}`;
  }
  const hash = createHash('sha256');
  for (let at = 0; at < source.size; at += MiB) hash.update(await source.read(at, Math.min(MiB, source.size - at)));
  return hash.digest('hex');
}

/** How strictly a comparison is made. */
export interface CompareOptions {
  /** Damaged image: an error for a file is a right answer, other bytes are not. */
  readonly errorsAllowed?: boolean;
  /** Also compare mode, uid, gid, links and mtime. */
  readonly metadata?: boolean;
  /** Files above this many bytes are not read. */
  readonly maxHashed?: number;
}

/** Compares a whole filesystem with a manifest and gives the differences, one line each (100 at most). */
export async function compareWithManifest(fs: FileSystem, manifest: Manifest, options: CompareOptions = {}): Promise<string[]> {
  const differences: string[] = [];
  const seen = new Set<string>();
  const allowed = options.errorsAllowed ?? false;
  const report = (line: string): void => {
    if (differences.length < 100) differences.push(line);
  };
  const failed = (path: string, error: unknown): void => {
    if (!(error instanceof TygrubError)) throw error;
    if (
      !allowed &&
      !(manifest.rows.get(path)?.sha256 ?? '').startsWith('ERR:') &&
      !(manifest.rows.get(path)?.target ?? '').startsWith('ERR:')
    ) {
      report(`${path}: ${error.code}: ${error.summary}`);
    }
  };
  const lost = new Set<string>(); // directories whose listing failed: what is below them is not required

  const visit = async (path: string, node: FileNode): Promise<void> => {
    seen.add(path);
    const row = manifest.rows.get(path);
    if (row === undefined) {
      if (!manifest.truncated && !allowed) report(`${path}: not in the manifest`);
      return;
    }
    if (row.type === '!') return;
    if (row.type !== node.type) {
      report(`${path}: type ${node.type}, expected ${row.type}`);
      return;
    }
    if (options.metadata ?? false) {
      const stat = [node.mode.toString(8).padStart(4, '0'), node.uid, node.gid, node.links, node.mtime.seconds].join(' ');
      const expected = [row.mode, row.uid, row.gid, row.nlink, row.mtime.split('.')[0]].join(' ');
      if (stat !== expected) report(`${path}: stat ${stat}, expected ${expected}`);
    }
    try {
      if (node.type === 'f') {
        if (row.sha256.startsWith('ERR:')) return;
        const source = await node.open();
        if (String(node.size) !== row.size) report(`${path}: size ${node.size}, expected ${row.size}`);
        else if (source.size <= (options.maxHashed ?? Number.POSITIVE_INFINITY) || row.sha256.startsWith('big:')) {
          const sum = await sha256(source);
          if (sum !== row.sha256) report(`${path}: sha256 ${sum}, expected ${row.sha256}`);
        }
      } else if (node.type === 'l') {
        const target = escapeName(await node.readLink());
        if (target !== row.target) report(`${path}: target ${target}, expected ${row.target}`);
      } else if (node.type === 'd') {
        if (row.target === 'not-descended') return;
        const prefix = path === '/' ? '/' : `${path}/`;
        const children: [string, FileNode][] = [];
        try {
          for await (const entry of node.entries()) {
            const child = `${prefix}${escapeName(entry.name)}`;
            try {
              children.push([child, await entry.node()]);
            } catch (error) {
              seen.add(child);
              if (manifest.rows.get(child)?.type !== '!') failed(child, error);
            }
          }
        } catch (error) {
          lost.add(prefix);
          failed(path, error);
        }
        if (path.split('/').length > 200) throw new Error('directories too deep');
        for (const [child, childNode] of children) if (!seen.has(child)) await visit(child, childNode);
      }
    } catch (error) {
      failed(path, error);
    }
  };
  try {
    await visit('/', await fs.root());
  } catch (error) {
    failed('/', error);
    return differences;
  }
  if (!allowed) {
    for (const [path, row] of manifest.rows) {
      if (!seen.has(path) && row.type !== '!' && ![...lost].some((prefix) => path.startsWith(prefix))) report(`${path}: missing`);
    }
  }
  return differences;
}
