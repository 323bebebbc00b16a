/** The devices of a filesystem: the one that was opened and those found among the guest's other volumes. */
import { equalBytes } from '../../src/bytes/text.js';
import { formatUuid, toHex } from '../../src/bytes/uuid.js';
import { corrupt, TygrubError } from '../../src/errors.js';
import type { ByteSource } from '../../src/source/byte-source.js';
import type { FileSystemOptions } from '../filesystem.js';
import { WarningList } from '../warning-list.js';
import type { Stripe } from './chunk.js';
import { SUPER_FLAG_HIGH } from './layout.js';
import { hasMagic, superblockBytes } from './magic.js';
import { readSuperblock, type Superblock } from './superblock.js';

/** One device. */
export interface Device {
  readonly source: ByteSource;
  readonly superblock: Superblock;
}

/** A device was not given: `btrfs.missing-device` naming it. */
export function missingDevice(stripe: Stripe): TygrubError {
  return corrupt('btrfs.missing-device', `device ${stripe.devid} of the filesystem (${formatUuid(stripe.uuid)}) is missing`, {
    hint: 'give all disks that the filesystem lies on',
  });
}

/** The devices of one filesystem, by their UUIDs. */
export class Devices {
  private readonly byUuid = new Map<string, Device>();
  private readonly missing = new Set<number>();

  private constructor(
    /** The device whose superblock counts: that of the highest generation. */
    readonly main: Device,
    found: readonly Device[],
    private readonly warnings: WarningList,
  ) {
    for (const device of found) {
      const uuid = toHex(device.superblock.device.uuid);
      const known = this.byUuid.get(uuid);
      // A copy of a device (a snapshot of a disk) must not hide the newer one.
      if (known === undefined || known.superblock.fields.generation < device.superblock.fields.generation) this.byUuid.set(uuid, device);
    }
  }

  /**
   * Finds the devices. Other volumes are looked at only where the filesystem says that it has several.
   * @throws TygrubError when the volume's own superblock cannot be used
   */
  static async open(source: ByteSource, options: FileSystemOptions, warnings: WarningList): Promise<Devices> {
    const own = { source, superblock: await readSuperblock(source, options, warnings) };
    const found: Device[] = [own];
    if (own.superblock.fields.num_devices > 1 || isSprout(own.superblock)) {
      for (const other of await options.otherVolumes()) {
        if (other === source) continue;
        const superblock = await otherSuperblock(other, options);
        if (superblock !== null) found.push({ source: other, superblock });
      }
    }
    const family = found.filter(({ superblock }) => isSame(superblock, own.superblock));
    const main = family.reduce((a, b) => (b.superblock.fields.generation > a.superblock.fields.generation ? b : a), own);
    // A seed has a UUID of its own, and only a filesystem made on it knows that it belongs there.
    const seeds = found.filter(({ superblock }) => (superblock.fields.flags.high & SUPER_FLAG_HIGH.SEEDING) !== 0);
    return new Devices(main, [...family, ...seeds], warnings);
  }

  /** The device of a stripe; null when it was not given (told once as a warning). */
  of(stripe: Stripe): Device | null {
    const device = this.byUuid.get(toHex(stripe.uuid));
    if (device !== undefined && device.superblock.device.devid === stripe.devid) return device;
    if (!this.missing.has(stripe.devid)) {
      this.missing.add(stripe.devid);
      this.warnings.add('btrfs.missing-device', `${missingDevice(stripe).message}: what has no copy elsewhere cannot be read`);
    }
    return null;
  }

  /** Whether a device missed the newest changes: what it holds is to be used last. */
  isStale(device: Device): boolean {
    return isSame(device.superblock, this.main.superblock) && device.superblock.fields.generation < this.main.superblock.fields.generation;
  }

  /** UUIDs that tree blocks of the filesystem may carry. */
  ownsBlock(fsid: Uint8Array): boolean {
    if (equalBytes(fsid, this.main.superblock.metadataUuid)) return true;
    for (const { superblock } of this.byUuid.values()) if (equalBytes(fsid, superblock.metadataUuid)) return true;
    return false;
  }

  /** Numbers of the devices that were asked for and are not there. */
  get missingIds(): readonly number[] {
    return [...this.missing];
  }
}

/** Whether a filesystem may have a seed under it: the device's number is not the first. */
function isSprout(superblock: Superblock): boolean {
  return superblock.device.devid > 1;
}

function isSame(a: Superblock, b: Superblock): boolean {
  return equalBytes(a.metadataUuid, b.metadataUuid);
}

/** Another volume's superblock; null where there is none that is right: that volume is then no device of ours. */
async function otherSuperblock(source: ByteSource, options: FileSystemOptions): Promise<Superblock | null> {
  try {
    const bytes = await superblockBytes(source, 0);
    if (bytes === null || !hasMagic(bytes)) return null;
    return await readSuperblock(source, options, new WarningList(options.limits));
  } catch (error) {
    if (error instanceof TygrubError) return null;
    throw error;
  }
}
