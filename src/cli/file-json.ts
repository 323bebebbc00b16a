/** One file of a guest as JSON and as a line of text. */
import { createHash } from 'node:crypto';
import type { FileNode, Timestamp } from '../../fs-readers/index.js';
import { decodeUtf8, nameText, printable } from '../bytes/text.js';
import { type Problem, problemOf } from '../errors.js';
import { copySource } from '../extract/index.js';

/** Joins a directory's path and a name. */
export function joinPath(directory: Uint8Array, name: Uint8Array): Uint8Array {
  const slash = directory.length > 0 && directory[directory.length - 1] === 0x2f ? 0 : 1;
  const out = new Uint8Array(directory.length + slash + name.length);
  out.set(directory);
  if (slash === 1) out[directory.length] = 0x2f;
  out.set(name, directory.length + slash);
  return out;
}

/** A name as JSON fields: the text, and the exact bytes where it is not UTF-8. */
export function nameFields(field: string, name: Uint8Array): Record<string, string> {
  const text = decodeUtf8(name);
  if (text !== null) return { [field]: text };
  return { [field]: nameText(name), [`${field}Base64`]: Buffer.from(name).toString('base64') };
}

/** Permission bits as four octal digits. */
export function modeText(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

/** A time as ISO 8601 in UTC where JavaScript can show it, else as seconds. */
export function timeText(time: Timestamp): string {
  const date = new Date(time.seconds * 1000);
  return Number.isNaN(date.getTime()) ? `${time.seconds} s` : date.toISOString().replace('.000Z', 'Z');
}

/** SHA-256 of a regular file, read in pieces. */
export async function sha256(node: FileNode): Promise<string> {
  const hash = createHash('sha256');
  const sink = { write: async (bytes: Uint8Array) => void hash.update(bytes) };
  await copySource(await node.open(), sink, { maxSize: Number.MAX_SAFE_INTEGER, what: 'the file' });
  return hash.digest('hex');
}

/** What `ls --json` prints of one file. A failure of one part is told in `error`. */
export async function fileJson(path: Uint8Array, node: FileNode, withSum: boolean): Promise<Record<string, unknown>> {
  const row: Record<string, unknown> = {
    ...nameFields('path', path),
    type: node.type,
    size: node.size,
    mode: modeText(node.mode),
    uid: node.uid,
    gid: node.gid,
    mtime: node.mtime.seconds,
  };
  try {
    if (node.type === 'l') Object.assign(row, nameFields('target', await node.readLink()));
    if (node.type === 'f' && withSum) row['sha256'] = await sha256(node);
  } catch (error) {
    row['error'] = problemOf(error);
  }
  return row;
}

/** What `ls --json` prints of a name whose node cannot be read. */
export function brokenJson(path: Uint8Array, problem: Problem): Record<string, unknown> {
  return { ...nameFields('path', path), type: null, size: null, mode: null, uid: null, gid: null, mtime: null, error: problem };
}

/** The `drwxr-xr-x` of `ls -l`. */
export function permissionText(node: FileNode): string {
  const triple = (bits: number, special: boolean, letter: string): string => {
    const x = (bits & 1) !== 0;
    const last = special ? (x ? letter : letter.toUpperCase()) : x ? 'x' : '-';
    return `${bits & 4 ? 'r' : '-'}${bits & 2 ? 'w' : '-'}${last}`;
  };
  const { mode } = node;
  const type = node.type === 'f' ? '-' : node.type;
  return `${type}${triple(mode >> 6, (mode & 0o4000) !== 0, 's')}${triple(mode >> 3, (mode & 0o2000) !== 0, 's')}${triple(mode, (mode & 0o1000) !== 0, 't')}`;
}

/** A name for a terminal. */
export function nameForPeople(name: Uint8Array): string {
  return printable(nameText(name));
}
