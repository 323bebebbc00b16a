/** Looking into the image from the command line: `ls`, `cat`, and completion of commands, devices and paths. */

import type { FileNode } from '../../fs-readers/index.js';
import { resolvePath } from '../../fs-readers/path.js';
import { GuestFiles } from '../boot/dialect.js';
import type { BootMenu } from '../boot/index.js';
import { decodeLatin1, decodeUtf8, nameText } from '../bytes/text.js';
import { notFound, TygrubError, usageError } from '../errors.js';
import type { Guest, GuestVolume } from '../guest/guest.js';
import { readAll } from '../source/read-all.js';
import { OWN_COMMANDS } from './screens/command-line.js';
import { sizeText } from './words.js';

/** Where the command line looks. */
export interface Surroundings {
  readonly guest: Guest;
  readonly menu: BootMenu;
}

/** A completion: what to put in at the cursor, and the choices. */
export interface Completion {
  readonly insert: string;
  readonly candidates: readonly string[];
}

/** Choices that are shown at most. */
const SHOWN_CHOICES = 100;

const GRUB2_COMMANDS = [
  'chainloader',
  'configfile',
  'devicetree',
  'echo',
  'export',
  'initrd',
  'initrd16',
  'initrdefi',
  'insmod',
  'linux',
  'linux16',
  'linuxefi',
  'load_env',
  'menuentry',
  'module',
  'module2',
  'multiboot',
  'multiboot2',
  'search',
  'set',
  'source',
  'test',
  'unset',
];
const LEGACY_COMMANDS = ['chainloader', 'configfile', 'initrd', 'kernel', 'makeactive', 'module', 'root', 'rootnoverify', 'uuid'];
const SYSLINUX_COMMANDS = ['APPEND', 'COM32', 'INITRD', 'KERNEL', 'LINUX'];

/** The commands of a dialect, for completion; any other line can be typed as well. */
const COMMANDS = new Map<string, readonly string[]>([
  ['grub2', GRUB2_COMMANDS],
  ['grub-legacy', LEGACY_COMMANDS],
  ['syslinux', SYSLINUX_COMMANDS],
]);

/**
 * What `ls` or `cat` shows.
 * @param line the command as it was typed
 * @param commands the lines before it: a root that they set applies
 * @throws TygrubError when the path or device cannot be read
 */
export async function look(line: string, commands: readonly string[], { guest, menu }: Surroundings): Promise<string[]> {
  const [command = '', ...rest] = line.trim().split(/\s+/);
  const argument = rest[rest.length - 1] ?? '';
  if (command === 'ls' && (argument === '' || argument.startsWith('-'))) return listVolumes(guest);
  const place = placeOf(argument, commands, { guest, menu });
  const files = new GuestFiles(guest, guest.limits);
  const { node, path } = await resolvePath(await files.filesystem(place.volume), place.path, guest.limits);
  if (command === 'ls') return node.type === 'd' ? listDirectory(node, guest) : [`${path}  ${sizeText(node.size)}`];
  if (node.type !== 'f') throw usageError('menu.not-a-file', `${path} is not a regular file`);
  const bytes = await readAll(await node.open(), guest.limits.configSize, 'configSize', path);
  const text = decodeUtf8(bytes) ?? decodeLatin1(bytes);
  const { typedLine, typedLines } = guest.limits;
  return text.split('\n', typedLines).map((row) => row.slice(0, typedLine));
}

async function listVolumes(guest: Guest): Promise<string[]> {
  const rows: string[] = [];
  for (const volume of guest.volumes) {
    const { filesystem, problem } = await volume.inspect();
    const what = filesystem === null ? (problem?.message ?? 'no known filesystem') : [filesystem.type, filesystem.label ?? ''].join(' ');
    rows.push(`(${volume.grubName})  ${sizeText(volume.volume.size)}  ${what}`);
  }
  return rows.length === 0 ? ['There are no volumes'] : rows;
}

async function listDirectory(node: FileNode, guest: Guest): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of node.entries()) {
    if (names.length >= guest.limits.typedLines) {
      names.push('...');
      break;
    }
    names.push(nameText(entry.name) + (entry.type === 'd' ? '/' : ''));
  }
  return names.length === 0 ? ['(empty)'] : [names.sort().join('  ')];
}

/**
 * Completes the last word of a line: the first word as a command, `(` as a device, the rest as a path in the image.
 * @throws TygrubError when the directory cannot be read
 */
export async function complete(text: string, commands: readonly string[], { guest, menu }: Surroundings): Promise<Completion> {
  const start = Math.max(text.lastIndexOf(' '), text.lastIndexOf('='), text.lastIndexOf('\t')) + 1;
  const word = text.slice(start);
  if (text.slice(0, start).trim() === '' && !word.includes('/')) {
    const known = [...OWN_COMMANDS, ...(COMMANDS.get(menu.config?.dialect ?? '') ?? [])].sort();
    return completion(
      word,
      known.map((name) => `${name} `),
    );
  }
  if (word.startsWith('(') && !word.includes(')')) {
    return completion(
      word,
      guest.volumes.map((volume) => `(${volume.grubName})`),
    );
  }
  const slash = word.lastIndexOf('/');
  if (slash < 0) return { insert: '', candidates: [] };
  const place = placeOf(word.slice(0, slash + 1), commands, { guest, menu });
  const files = new GuestFiles(guest, guest.limits);
  const directory = await files.stat(place.volume, place.path);
  if (directory === null || directory.type !== 'd') return { insert: '', candidates: [] };
  const prefix = word.slice(slash + 1);
  const found: string[] = [];
  for await (const entry of directory.entries()) {
    const name = nameText(entry.name);
    if (!name.startsWith(prefix) || /[^\x21-\x7e\u00a1-\uffff]/.test(name)) continue;
    found.push(name + ((await isDirectory(files, place, entry.type, name)) ? '/' : ' '));
    if (found.length > guest.limits.typedLines) break;
  }
  return completion(prefix, found.sort());
}

/** Whether a name leads to a directory, also through a link. */
async function isDirectory(files: GuestFiles, place: Place, type: string | null, name: string): Promise<boolean> {
  if (type !== null && type !== 'l') return type === 'd';
  try {
    return (await files.stat(place.volume, `${place.path}/${name}`))?.type === 'd';
  } catch (error) {
    if (error instanceof TygrubError) return false; // a damaged node is completed like a file; `ls` tells what is wrong
    throw error;
  }
}

function completion(prefix: string, names: readonly string[]): Completion {
  const fitting = names.filter((name) => name.startsWith(prefix));
  let common = fitting[0] ?? prefix;
  for (const name of fitting) while (!name.startsWith(common)) common = common.slice(0, -1);
  return { insert: common.slice(prefix.length), candidates: fitting.slice(0, SHOWN_CHOICES).map((name) => name.trimEnd()) };
}

interface Place {
  readonly volume: GuestVolume;
  readonly path: string;
}

/**
 * Where a path of the command line leads: `(hd0,msdos1)/boot`, or a path below the root that the lines so far set.
 * @throws TygrubError not-found when there is no such device
 */
function placeOf(argument: string, commands: readonly string[], { guest, menu }: Surroundings): Place {
  const end = argument.indexOf(')');
  if (argument.startsWith('(') && end > 0) {
    return { volume: deviceOf(argument.slice(1, end), guest, menu), path: argument.slice(end + 1) || '/' };
  }
  const set = commands.map(rootSetBy).findLast((device) => device !== null);
  if (set !== undefined && set !== null) return { volume: deviceOf(set, guest, menu), path: argument };
  const name = menu.config?.volume ?? menu.entries.find((entry) => entry.kernel !== null)?.kernel?.volume;
  const volume = guest.volumes.find((candidate) => candidate.name === name) ?? guest.volumes[0];
  if (volume === undefined) throw notFound('menu.no-volume', 'the image has no volumes');
  return { volume, path: argument };
}

/** The device that a line makes the root: `set root=hd0,msdos1`, `root (hd0,0)`; null for other lines. */
function rootSetBy(line: string): string | null {
  const [command, argument = ''] = line.trim().split(/\s+/, 2);
  if (command === 'set' && argument.startsWith('root=')) return bare(argument.slice('root='.length));
  if (command === 'root' || command === 'rootnoverify') return bare(argument);
  return null;
}

function bare(device: string): string {
  return device.replaceAll(/["'()]/g, '');
}

/** The volume of a device name: GRUB 2 counts partitions from 1, GRUB legacy from 0. */
function deviceOf(name: string, guest: Guest, menu: BootMenu): GuestVolume {
  const legacy = menu.config?.dialect === 'grub-legacy';
  const numbered = /^(hd\d{1,4}),(\d{1,4})$/.exec(name);
  const wanted: string[] = [name];
  if (numbered !== null) {
    const number = Number(numbered[2]) + (legacy ? 1 : 0);
    wanted.push(`${numbered[1]},msdos${number}`, `${numbered[1]},gpt${number}`);
  }
  const volume = guest.volumes.find((candidate) => wanted.includes(candidate.grubName) || wanted.includes(candidate.name));
  if (volume !== undefined) return volume;
  throw notFound('menu.no-device', `there is no device (${name})`, {
    hint: `devices are ${guest.volumes.map((candidate) => `(${candidate.grubName})`).join(' ')}`,
  });
}
