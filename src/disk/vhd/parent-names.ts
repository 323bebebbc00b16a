/**
 * Under which names a parent may lie, in the order in which they are tried. Each writer has its own manner: Windows writes
 * its paths, libvhd relative URLs, Xen the names of logical volumes, Xen Orchestra only the Unicode name.
 */
import { decodeLatin1, decodeUtf8, encodeUtf8 } from '../../bytes/text.js';
import type { Limits } from '../../limits.js';

/** A name as it stands on the disk, with the platform that it is for. */
export interface StatedName {
  /** A platform code, or `unicode` for the header's own name. */
  readonly platform: string;
  readonly text: string;
}

/** The order of trust: relative names before absolute ones. */
const ORDER = ['W2ru', 'MacX', 'W2ku', 'unicode'];

/**
 * The names to try, relative to the child's directory (absolute ones start with `/`), each once.
 * @param stated what the locators and the header say
 */
export function candidateNames(stated: readonly StatedName[], limits: Limits): string[] {
  const paths = ORDER.flatMap((platform) => stated.filter((name) => name.platform === platform).flatMap(asPaths));
  const bases = paths.map(baseName);
  const all = [...paths, ...bases, ...bases.flatMap(volumeNames)];
  const good = all.filter(
    (name) => name !== '' && name !== '.' && name !== '..' && !name.includes('\0') && name.length <= limits.pathLength,
  );
  return [...new Set(good)];
}

/** The last component of a path with `/` or `\`. */
export function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}

/** Whether a file is called as VHDs are: by its extension, or as Xen calls the logical volume of one. */
export function isVhdName(name: string): boolean {
  return /\.(?:a?vhd|vud)$/i.test(name) || name.startsWith('VHD-') || (name.startsWith('VG_XenStorage--') && name.includes('-VHD--'));
}

function asPaths({ platform, text }: StatedName): string[] {
  if (platform !== 'MacX') return [windowsPath(text)];
  const path = withoutHost(text.startsWith('file://') ? text.slice('file://'.length) : text);
  return [windowsPath(path), windowsPath(percentDecoded(path))];
}

/** `C:\a\b` and `/C:/a/b` to `/a/b`. */
function windowsPath(text: string): string {
  return text.replaceAll('\\', '/').replace(/^\/?[A-Za-z]:(?=\/)/, '');
}

function withoutHost(path: string): string {
  return path.startsWith('localhost/') ? path.slice('localhost'.length) : path;
}

function percentDecoded(text: string): string {
  const bytes = encodeUtf8(text);
  const out: number[] = [];
  for (let i = 0; i < bytes.length; i++) {
    const digits = bytes[i] === 0x25 ? decodeLatin1(bytes.subarray(i + 1, i + 3)) : '';
    if (/^[0-9A-Fa-f]{2}$/.test(digits)) {
      out.push(Number.parseInt(digits, 16));
      i += 2;
    } else out.push(bytes[i] as number);
  }
  return decodeUtf8(Uint8Array.from(out)) ?? text;
}

/** Names that a logical volume of Xen's storage has elsewhere: without the volume group, and as a file. */
function volumeNames(base: string): string[] {
  const volume = base.startsWith('VG_XenStorage--') ? logicalVolume(base) : base;
  if (volume === null) return [];
  const uuid = /^(?:VHD|LV)-(.+)$/.exec(volume)?.[1];
  if (uuid === undefined) return [];
  return volume.startsWith('VHD-') ? [volume, `${uuid}.vhd`] : [volume];
}

/** The LV of a device-mapper name `VG-LV`, in which the dashes of both parts are doubled. */
function logicalVolume(name: string): string | null {
  for (let i = 0; i < name.length; i++) {
    if (name[i] !== '-') continue;
    if (name[i + 1] === '-') i += 1;
    else return name.slice(i + 1).replaceAll('--', '-');
  }
  return null;
}
