/** GRUB's device names: what `(hd0,msdos1)`, `(hd0,1)`, `(lvm/vg-root)` or a search mean on this guest. */

import type { Guest, GuestDisk, GuestVolume } from '../../guest/guest.js';
import type { ByteSource } from '../../source/byte-source.js';
import type { GuestFiles } from '../dialect.js';
import { parseUnsigned } from './numbers.js';

/** A device that exists. */
export interface Device {
  /** GRUB's own name for it. */
  readonly name: string;
  /** Null for a whole disk that is partitioned. */
  readonly volume: GuestVolume | null;
  readonly source: ByteSource;
  /** As `probe --partmap` prints it: `msdos`, `gpt`, or null. */
  readonly partmap: string | null;
}

/** Removes the parentheses that `root` and others may be stored with. */
export function bareDeviceName(name: string): string {
  return name.startsWith('(') && name.endsWith(')') ? name.slice(1, -1) : name;
}

export class Devices {
  private readonly guest: Guest;

  constructor(private readonly files: GuestFiles) {
    this.guest = files.guest;
  }

  /** The device of a name without parentheses; null when there is none such. */
  resolve(name: string): Device | null {
    const comma = name.indexOf(',');
    const diskName = comma < 0 ? name : name.slice(0, comma);
    const disk = this.disk(diskName);
    if (disk === null) return this.managed(name);
    if (comma < 0) {
      const whole = disk.volumes.find((volume) => volume.volume.name === 'whole') ?? null;
      return { name: diskName, volume: whole, source: disk.container.disk, partmap: null };
    }
    const wanted = name.slice(comma + 1).split(',');
    const volume = disk.volumes.find((candidate) => samePartition(wanted, candidate.volume.name.split(',')));
    return volume === undefined ? null : deviceOf(volume);
  }

  /** The device of a volume. */
  of(volume: GuestVolume): Device {
    return deviceOf(volume);
  }

  /**
   * All devices in the order in which `search` and `*` go through them: each disk before its partitions, and these from
   * the last to the first, because GRUB gathers them on a list that it then reads from its end.
   */
  all(): Device[] {
    const devices: Device[] = [];
    for (const disk of this.guest.disks) {
      const whole = this.resolve(`hd${disk.index}`);
      if (whole !== null) devices.push(whole);
      for (const volume of disk.volumes.toReversed()) if (volume.volume.name !== 'whole') devices.push(deviceOf(volume));
    }
    for (const volume of this.guest.volumes) if (volume.disk === null) devices.push(deviceOf(volume));
    return devices;
  }

  /** The partitions of a disk from the first to the last, for hints that end in a comma. */
  partitionsOf(diskName: string): Device[] {
    const disk = this.disk(diskName);
    return disk === null ? [] : disk.volumes.filter((volume) => volume.volume.name !== 'whole').map(deviceOf);
  }

  private disk(name: string): GuestDisk | null {
    if (!name.startsWith('hd')) return null;
    const number = parseUnsigned(name, 10, 2);
    if (!number.found || number.end !== name.length || name.charAt(2) === ' ') return null;
    return this.guest.disks.find((disk) => disk.index === number.value) ?? null;
  }

  /** `lvm/vg-lv`, `lvmid/...`, `md/0`, `mduuid/...`. */
  private managed(name: string): Device | null {
    const slash = name.indexOf('/');
    const kind = name.slice(0, slash);
    const id = name.slice(slash + 1);
    for (const volume of this.guest.volumes) {
      if (volume.disk !== null) continue;
      const byUuid =
        (kind === 'lvmid' || kind === 'mduuid') &&
        volume.volume.uuid !== null &&
        plainUuid(volume.volume.uuid) === plainUuid(kind === 'lvmid' ? id.slice(id.indexOf('/') + 1) : id);
      if (volume.answersTo(name) || byUuid) return deviceOf(volume);
    }
    return null;
  }

  /** The volume's filesystem UUID, label and so on; null where there is none that can be read. */
  async filesystem(device: Device) {
    return device.volume === null ? null : (await device.volume.inspect()).filesystem;
  }

  /** The bound on devices is the bound on volumes. */
  get limits() {
    return this.files.limits;
  }
}

function plainUuid(uuid: string): string {
  return uuid.replaceAll('-', '').toLowerCase();
}

function deviceOf(volume: GuestVolume): Device {
  const letters = /^[a-z]+/.exec(volume.volume.name)?.[0] ?? '';
  const partmap = volume.disk !== null && volume.volume.name !== 'whole' ? letters : null;
  return { name: volume.grubName, volume, source: volume.volume.source, partmap };
}

/** Components of a partition's name: each is the same, or only its number is given. Numbers count from 1. */
function samePartition(wanted: readonly string[], actual: readonly string[]): boolean {
  return wanted.length === actual.length && wanted.every((part, i) => sameComponent(part, actual[i] ?? ''));
}

function sameComponent(wanted: string, actual: string): boolean {
  const digits = (text: string): number => {
    let at = text.length;
    while (at > 0 && text.charAt(at - 1) >= '0' && text.charAt(at - 1) <= '9') at -= 1;
    return at;
  };
  const w = digits(wanted);
  const a = digits(actual);
  if (w === wanted.length || a === actual.length) return false;
  if (w > 0 && wanted.slice(0, w) !== actual.slice(0, a)) return false;
  return Number.parseInt(wanted.slice(w), 10) === Number.parseInt(actual.slice(a), 10);
}
