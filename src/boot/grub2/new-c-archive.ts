/** `initrd newc:NAME:FILE`: the file as GRUB packs it, a member of an archive that the kernel unpacks ("newc" cpio). */
import { encodeUtf8 } from '../../bytes/text.js';
import type { ByteSource } from '../../source/byte-source.js';
import { ConcatenatedSource } from '../../source/concatenation.js';
import { MemorySource } from '../../source/memory.js';

/** Members start, and their contents start and end, on multiples of this. */
const ALIGNMENT = 4;
const DIRECTORY_MODE = 0o040777;
const FILE_MODE = 0o100777;
const TRAILER = 'TRAILER!!!';

/** The header's fields after the magic, each as eight hexadecimal digits. */
const FIELDS = 'ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize check'.split(' ');

function header(name: string, mode: number, size: number): Uint8Array {
  const bytes = encodeUtf8(`${name}\0`);
  const values = new Map([
    ['mode', mode],
    ['nlink', 1],
    ['filesize', size],
    ['namesize', bytes.length],
  ]);
  const fields = encodeUtf8(`070701${FIELDS.map((field) => (values.get(field) ?? 0).toString(16).padStart(8, '0')).join('')}`);
  const padded = new Uint8Array(padding(fields.length + bytes.length) + fields.length + bytes.length);
  padded.set(fields);
  padded.set(bytes, fields.length);
  return padded;
}

function padding(length: number): number {
  return (ALIGNMENT - (length % ALIGNMENT)) % ALIGNMENT;
}

/** What goes before the file: the directories of its name, and its own header. */
function before(name: string, size: number): Uint8Array[] {
  const parts = name.split('/').filter((part) => part !== '');
  const headers = parts.slice(0, -1).map((_, i) => header(parts.slice(0, i + 1).join('/'), DIRECTORY_MODE, 0));
  return [...headers, header(parts.join('/'), FILE_MODE, size)];
}

/** Bytes of the archive of a file with so many bytes. */
export function archiveSize(name: string, size: number): number {
  const headers = before(name, size).reduce((sum, bytes) => sum + bytes.length, 0);
  return headers + size + padding(size) + header(TRAILER, 0, 0).length;
}

/** An archive with one file and the directories above it. @param name its name in the archive */
export function newcArchive(name: string, file: ByteSource): ByteSource {
  const parts = before(name, file.size).map((bytes): ByteSource => new MemorySource(bytes));
  const end = header(TRAILER, 0, 0);
  const tail = new Uint8Array(padding(file.size) + end.length);
  tail.set(end, padding(file.size));
  return new ConcatenatedSource([...parts, ...(file.size === 0 ? [] : [file]), new MemorySource(tail)]);
}
