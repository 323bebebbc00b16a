/** The guest's own view of paths: which volume its fstab mounts where. For loaders that take paths of the running system. */
import { TygrubError } from '../errors.js';
import type { Guest, GuestVolume } from '../guest/guest.js';
import { configText } from './assemble.js';
import type { GuestFiles } from './dialect.js';

/** One line of an fstab. */
export interface Mount {
  readonly spec: string;
  readonly directory: string;
  readonly type: string;
}

/** Reads an fstab(5); `\040` and the like in names are decoded. */
export function parseFstab(text: string): Mount[] {
  const mounts: Mount[] = [];
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const [spec = '', directory = '', type = ''] = line.split(/[ \t]+/).map(decode);
    if (directory.startsWith('/')) mounts.push({ spec, directory: directory.replace(/\/$/, '') || '/', type });
  }
  return mounts;
}

function decode(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** The fstab of a root filesystem; empty where there is none that can be read. */
export async function readFstab(files: GuestFiles, volume: GuestVolume): Promise<Mount[]> {
  try {
    if ((await files.stat(volume, '/etc/fstab'))?.type !== 'f') return [];
    // Each path is held against each mount: no more of them than there can be volumes.
    return parseFstab(configText(await files.readConfig(volume, '/etc/fstab'))).slice(0, files.limits.volumes);
  } catch (error) {
    if (error instanceof TygrubError) return []; // a hint only: the caller then finds the files, or does not, where it is
    throw error;
  }
}

/** Linux's names of disks, without the letter of the disk. */
const DISK_NAMES = ['/dev/sd', '/dev/hd', '/dev/vd', '/dev/xvd'];

/**
 * The volume that a device of fstab, lilo.conf or kboot.conf means: `UUID=`, `LABEL=`, `PARTUUID=`, `PARTLABEL=`,
 * `/dev/sda1` (the first partition of the first disk), `/dev/mapper/vg-lv`, `/dev/vg/lv`; null where it is not there.
 */
export async function volumeOfSpec(guest: Guest, spec: string): Promise<GuestVolume | null> {
  const equals = spec.indexOf('=');
  const tag = spec.slice(0, Math.max(0, equals)).toUpperCase();
  const value = spec.slice(equals + 1).replace(/^"(.*)"$/, '$1');
  const lower = value.toLowerCase();
  if (tag === 'PARTUUID') return guest.volumes.find(({ volume }) => volume.uuid?.toLowerCase() === lower) ?? null;
  if (tag === 'PARTLABEL') return guest.volumes.find(({ volume }) => volume.label === value) ?? null;
  if (tag === 'UUID' || tag === 'LABEL') {
    for (const volume of guest.volumes) {
      const { filesystem } = await volume.inspect();
      if (tag === 'UUID' ? filesystem?.uuid?.toLowerCase() === lower : filesystem?.label === value) return volume;
    }
    return null;
  }
  const name = DISK_NAMES.find((prefix) => spec.startsWith(prefix));
  if (name !== undefined) return partition(guest, spec.slice(name.length));
  return guest.volumes.find(({ volume }) => volume.name.startsWith('lvm/') && mapperNames(volume.name.slice(4)).includes(spec)) ?? null;
}

/** `a1`: the first partition of the first disk. */
function partition(guest: Guest, name: string): GuestVolume | null {
  const disk = guest.disks[name.charCodeAt(0) - 'a'.charCodeAt(0)];
  if (disk === undefined) return null;
  if (disk.table === null) return disk.volumes[0] ?? null;
  const wanted = `${disk.table === 'gpt' ? 'gpt' : 'msdos'}${name.slice(1)}`;
  return disk.volumes.find(({ volume }) => volume.name === wanted) ?? null;
}

/** Device names of a logical volume that GRUB calls `vg-lv` (dashes in the names doubled). */
function mapperNames(name: string): string[] {
  const at = name.replaceAll('--', '\0\0').indexOf('-');
  if (at < 0) return [`/dev/mapper/${name}`];
  const [vg, lv] = [name.slice(0, at), name.slice(at + 1)].map((part) => part.replaceAll('--', '-'));
  return [`/dev/mapper/${name}`, `/dev/${vg}/${lv}`];
}

/**
 * Where a path of the running system lies: the volume mounted deepest above it, and the path there.
 * @param root the volume whose fstab says so
 */
export async function locateMounted(
  files: GuestFiles,
  root: GuestVolume,
  mounts: readonly Mount[],
  path: string,
): Promise<{ volume: GuestVolume; path: string }> {
  let best: Mount | null = null;
  for (const mount of mounts) {
    if (mount.directory !== '/' && path.startsWith(`${mount.directory}/`) && mount.directory.length > (best?.directory.length ?? 0))
      best = mount;
  }
  const volume = best === null ? null : await volumeOfSpec(files.guest, best.spec);
  return best === null || volume === null ? { volume: root, path } : { volume, path: path.slice(best.directory.length) };
}
