/** `tygrub ls` and `tygrub stat`: what is in the image. */
import type { FileNode } from '../../fs-readers/index.js';
import { type Resolved, resolvePath } from '../../fs-readers/path.js';
import { encodeUtf8, nameText, printable } from '../bytes/text.js';
import { problemOf, TygrubError } from '../errors.js';
import type { Guest, GuestVolume } from '../guest/guest.js';
import { brokenJson, fileJson, joinPath, modeText, nameForPeople, permissionText, timeText } from './file-json.js';
import { type ReadOptions, withGuest } from './options.js';
import { columns, print, printJson, printJsonLine, warn } from './output.js';
import { sortedEntries, walk } from './walk.js';

export interface FileOptions extends ReadOptions {
  readonly volume?: string;
  readonly json?: boolean;
}

export interface ListOptions extends FileOptions {
  readonly recursive?: boolean;
  readonly long?: boolean;
  readonly sha256?: boolean;
}

/** The volume that `--volume` names, or the only filesystem there is. */
export async function chosenVolume(guest: Guest, options: FileOptions): Promise<GuestVolume> {
  return options.volume === undefined ? guest.onlyFilesystem() : guest.volume(options.volume);
}

/** A path in the image. @throws TygrubError not-found */
export async function find(guest: Guest, volume: GuestVolume, path: string, followLast: boolean): Promise<Resolved> {
  const fs = await volume.filesystem();
  if (fs === null) throw new TygrubError('not-found', 'cli.no-filesystem', `${volume.name} has no filesystem that tygrub knows`);
  return resolvePath(fs, path, guest.limits, followLast);
}

/** @returns how many files could not be read */
export async function runLs(image: string, paths: readonly string[], options: ListOptions): Promise<number> {
  return withGuest([image], options, async (guest) => {
    const volume = await chosenVolume(guest, options);
    let failures = 0;
    for (const path of paths.length === 0 ? ['/'] : paths) {
      const { node, path: where } = await find(guest, volume, path, options.recursive !== true || path.endsWith('/'));
      if (paths.length > 1 && options.json !== true) await print(`${printable(where)}:\n`);
      failures += options.recursive === true ? await listTree(guest, where, node, options) : await listOne(where, node, options);
    }
    return failures;
  });
}

async function listTree(guest: Guest, where: string, start: FileNode, options: ListOptions): Promise<number> {
  let failures = 0;
  for await (const { path, node, problem } of walk(encodeUtf8(where), start, guest.limits)) {
    if (problem !== null) failures += 1;
    if (options.json === true) {
      if (node === null) await printJsonLine(brokenJson(path, problem ?? { code: 'ls.unreadable', message: 'it cannot be read' }));
      else if (problem !== null) await printJsonLine({ ...(await fileJson(path, node, false)), error: problem });
      else {
        const row = await fileJson(path, node, options.sha256 === true);
        if (row['error'] !== undefined) failures += 1;
        await printJsonLine(row);
      }
    } else if (problem !== null) warn(`${nameText(path)}: ${problem.message}`);
    else if (node !== null)
      await print(`${options.long === true ? longRow(node, await nameWithTarget(path, node)).join('  ') : nameForPeople(path)}\n`);
  }
  return failures;
}

async function listOne(where: string, node: FileNode, options: ListOptions): Promise<number> {
  const base = encodeUtf8(where);
  const found = node.type === 'd' ? await sortedEntries(node) : { names: [{ name: base, node: async () => node }], problem: null };
  const rows: string[][] = [];
  let failures = 0;
  for (const entry of found.names) {
    const path = node.type === 'd' ? joinPath(base, entry.name) : base;
    try {
      if (options.json === true) await printJsonLine(await fileJson(path, await entry.node(), options.sha256 === true));
      else if (options.long === true) {
        const child = await entry.node();
        rows.push(longRow(child, await nameWithTarget(entry.name, child)));
      } else rows.push([nameForPeople(entry.name)]);
    } catch (error) {
      failures += 1;
      if (options.json === true) await printJsonLine(brokenJson(path, problemOf(error)));
      else warn(`${nameText(path)}: ${problemOf(error).message}`);
    }
  }
  if (rows.length > 0) await print(`${columns(rows)}\n`);
  if (found.problem !== null) {
    failures += 1;
    if (options.json === true) await printJsonLine({ ...(await fileJson(base, node, false)), error: found.problem });
    else warn(`${where}: ${found.problem.message}`);
  }
  return failures;
}

function longRow(node: FileNode, name: string): string[] {
  const size = node.device === undefined ? String(node.size) : `${node.device.major},${node.device.minor}`;
  return [
    permissionText(node),
    String(node.links).padStart(3),
    `${node.uid}:${node.gid}`,
    size.padStart(10),
    timeText(node.mtime).slice(0, 16),
    name,
  ];
}

async function nameWithTarget(name: Uint8Array, node: FileNode): Promise<string> {
  if (node.type !== 'l') return nameForPeople(name);
  try {
    return `${nameForPeople(name)} -> ${nameForPeople(await node.readLink())}`;
  } catch (error) {
    return `${nameForPeople(name)} -> (${problemOf(error).message})`;
  }
}

export async function runStat(image: string, paths: readonly string[], options: FileOptions): Promise<void> {
  await withGuest([image], options, async (guest) => {
    const volume = await chosenVolume(guest, options);
    for (const path of paths) {
      const { node, path: where } = await find(guest, volume, path, false);
      const base = encodeUtf8(where);
      const attributes = await node.attributes();
      if (options.json === true) {
        await printJson({
          ...(await fileJson(base, node, false)),
          volume: volume.name,
          links: node.links,
          id: node.id,
          mtimeNanoseconds: node.mtime.nanoseconds,
          ...(node.atime === undefined ? {} : { atime: node.atime.seconds }),
          ...(node.ctime === undefined ? {} : { ctime: node.ctime.seconds }),
          ...(node.crtime === undefined ? {} : { crtime: node.crtime.seconds }),
          ...(node.device === undefined ? {} : { device: node.device }),
          flags: node.flags ?? [],
          attributes: Object.fromEntries([...attributes].map(([name, value]) => [name, Buffer.from(value).toString('base64')])),
        });
        continue;
      }
      const rows = [
        ['path', `${volume.name}:${await nameWithTarget(base, node)}`],
        ['size', `${node.size} bytes`],
        ['mode', `${permissionText(node)} (${modeText(node.mode)})`],
        ['owner', `${node.uid}:${node.gid}`],
        ['links', String(node.links)],
        ['node', node.id],
        ['modified', timeText(node.mtime)],
        ...(node.atime === undefined ? [] : [['accessed', timeText(node.atime)]]),
        ...(node.ctime === undefined ? [] : [['changed', timeText(node.ctime)]]),
        ...(node.crtime === undefined ? [] : [['created', timeText(node.crtime)]]),
        ...(node.flags === undefined || node.flags.length === 0 ? [] : [['flags', node.flags.join(' ')]]),
        ...[...attributes].map(([name, value]) => ['attribute', `${printable(name)} = ${nameForPeople(value.subarray(0, 256))}`]),
      ];
      await print(`${columns(rows)}\n`);
    }
  });
}
