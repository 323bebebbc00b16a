/** A volume of a guest with what is on it. */
import { type FileSystem, type FileSystemOptions, openFileSystem } from '../../fs-readers/index.js';
import { type Problem, problemOf, TygrubError } from '../errors.js';
import { type Identity, identify, impression, type Volume } from '../volume/index.js';

/** What a look at a volume came to. */
export interface VolumeContents {
  readonly filesystem: FileSystem | null;
  /** Why there is no filesystem that can be read: damage, a member of something larger, or what else is there. */
  readonly problem: Problem | null;
  /** The same as a phrase, also where nothing was recognised; empty where there is a filesystem. */
  readonly reason: string;
}

/** A volume of the guest with its filesystem. */
export class GuestVolume {
  /** What people type: `msdos1` on the first disk, `hd1,msdos1` on the second, `lvm/vg-lv`. */
  readonly name: string;
  /** GRUB's name: `hd0,msdos1`; `hd0` for a whole disk; `lvm/vg-lv`. */
  readonly grubName: string;
  private opened: Promise<FileSystem | null> | undefined;
  private membership: Problem | null = null;

  /** @param disk null for volumes that a volume manager made */
  constructor(
    readonly volume: Volume,
    readonly disk: { readonly index: number } | null,
    private readonly options: FileSystemOptions,
  ) {
    const onDisk = disk === null ? '' : `hd${disk.index}`;
    this.grubName = disk === null ? volume.name : volume.name === 'whole' ? onDisk : `${onDisk},${volume.name}`;
    this.name = disk === null || disk.index === 0 ? volume.name : this.grubName;
  }

  /** What the volume is a part of (a RAID array, a volume group), as a reason not to look for a filesystem here; null if nothing. */
  get memberOf(): Problem | null {
    return this.membership;
  }

  /** Notes that a volume manager took the volume. */
  joins(membership: Problem): void {
    this.membership = membership;
  }

  /** Whether people or GRUB call the volume so: `msdos1`, `hd0,msdos1`, `(hd0,msdos1)`, `mduuid/HEX`. */
  answersTo(name: string): boolean {
    const bare = name.startsWith('(') && name.endsWith(')') ? name.slice(1, -1) : name;
    return bare === this.name || bare === this.grubName || (this.volume.aliases ?? []).includes(bare);
  }

  /**
   * The filesystem on the volume itself; null when no reader knows what is there. A member of an array is read like any
   * other volume here, as GRUB does for somebody who names it; searches use `inspect`, which leaves members out.
   * @throws TygrubError when a filesystem is there and cannot be read, or the volume itself cannot; the same error at every
   * call
   */
  filesystem(): Promise<FileSystem | null> {
    const { problem, problemKind } = this.volume;
    if (problem !== null) return Promise.reject(new TygrubError(problemKind ?? 'corrupt', problem.code, problem.message));
    this.opened ??= openFileSystem(this.volume.source, this.options);
    return this.opened;
  }

  /**
   * The filesystem, or why there is none that can be read: damage, a member of something larger, or what else is there
   * (swap, an encrypted volume). Both null where nothing is recognised. Never throws a `TygrubError`.
   */
  async inspect(): Promise<VolumeContents> {
    const known = this.volume.problem ?? this.membership;
    if (known !== null) return without(known);
    try {
      const filesystem = await this.filesystem();
      if (filesystem !== null) return { filesystem, problem: null, reason: '' };
      const identity = await identify(this.volume.source);
      if (identity !== null) return without(unreadable(identity));
      return { filesystem: null, problem: null, reason: await impression(this.volume.source) };
    } catch (error) {
      return without(problemOf(error));
    }
  }
}

function without(problem: Problem): VolumeContents {
  return { filesystem: null, problem, reason: problem.message };
}

/** Why a volume with something known on it has no filesystem that tygrub reads. */
function unreadable(identity: Identity): Problem {
  const reasons: Readonly<Record<Identity['kind'], string>> = {
    filesystem: 'tygrub cannot read it',
    encrypted: 'tygrub has no key to it',
    member: 'it is a part of something larger that tygrub cannot put together',
    swap: 'there is no filesystem on it',
    other: 'there is no filesystem on it',
  };
  const message = `${identity.description} (${identity.type}): ${reasons[identity.kind]}`;
  const nothingWrong = identity.kind === 'swap' || identity.kind === 'other';
  return { code: `volume.${identity.kind}`, message, ...(nothingWrong ? {} : { kind: 'unsupported' as const }) };
}
