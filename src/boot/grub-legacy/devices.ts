/** GRUB legacy's device names: disks and partitions are counted from 0, and there is no name of the partition table. */
import type { Guest, GuestVolume } from '../../guest/guest.js';
import type { GuestFiles } from '../dialect.js';
import { leadingNumber } from './lines.js';

/** What a device name stands for. */
export interface LegacyDevice {
  /** Null where the guest has no such device. */
  readonly volume: GuestVolume | null;
  /** Said where the name was taken for something else than it says. */
  readonly note: string | null;
}

const NOTHING: LegacyDevice = { volume: null, note: null };

/**
 * Finds `hd0,0` (the first partition of the first disk; logical partitions start at 4), `hd0` (a disk without a
 * partition table), `hd0,0,a` (a BSD slice). On a disk without a table every partition number stands for the whole disk:
 * the guest sees such an image as its partition.
 * @param name the text between the parentheses
 */
export function legacyDevice(guest: Guest, name: string): LegacyDevice {
  const [diskName = '', ...parts] = name.split(',').map((part) => part.trim());
  if (!diskName.startsWith('hd')) return NOTHING;
  const number = leadingNumber(diskName.slice(2));
  if (number === null || String(number) !== diskName.slice(2)) return NOTHING;
  const disk = guest.disks[number];
  if (disk === undefined) return NOTHING;
  if (disk.table === null) {
    const whole = disk.volumes[0] ?? null;
    if (whole === null || parts.length === 0) return { volume: whole, note: null };
    return { volume: whole, note: `(${name}) was taken for the whole disk hd${number}, which has no partition table` };
  }
  const [partition = '', slice] = parts;
  const at = leadingNumber(partition);
  if (at === null || String(at) !== partition) return NOTHING;
  const table = disk.table === 'gpt' ? 'gpt' : 'msdos';
  const bsd = slice === undefined ? '' : `,bsd${slice.charCodeAt(0) - 'a'.charCodeAt(0) + 1}`;
  return { volume: disk.volumes.find(({ volume }) => volume.name === `${table}${at + 1}${bsd}`) ?? null, note: null };
}

/** The first volume on which a file is there, in the order of `find`: disks and partitions as they come. */
export async function volumeWithFile(files: GuestFiles, path: string): Promise<GuestVolume | null> {
  for (const volume of files.guest.volumes) {
    if ((await volume.inspect()).filesystem === null) continue;
    if ((await files.stat(volume, path)) !== null) return volume;
  }
  return null;
}

/** The first volume whose filesystem has a UUID. */
export async function volumeWithUuid(guest: Guest, uuid: string): Promise<GuestVolume | null> {
  for (const volume of guest.volumes) {
    const { filesystem } = await volume.inspect();
    if (filesystem?.uuid != null && filesystem.uuid.toLowerCase() === uuid.toLowerCase()) return volume;
  }
  return null;
}
