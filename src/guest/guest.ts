/**
 * A guest's disks as one thing: containers, their volumes, the filesystems on them. Everything is opened when it is
 * first needed and once; failures are kept and told, never swallowed.
 */
import { type FileSystem, type FileSystemOptions, openFileSystem } from '../../fs-readers/index.js';
import { type Container, openContainer } from '../disk/index.js';
import { notFound, type Problem, problemOf, TygrubError, usageError, type Warning } from '../errors.js';
import { DEFAULT_LIMITS, type Limits } from '../limits.js';
import { BlockCache } from '../source/block-cache.js';
import type { ByteSource } from '../source/byte-source.js';
import { type NeighbourFolder, type Neighbours, NO_NEIGHBOURS } from '../source/neighbours.js';
import {
  type Identity,
  identify,
  type ManagedMember,
  scanVolumes,
  type TableKind,
  VOLUME_MANAGERS,
  type Volume,
  type VolumeManager,
} from '../volume/index.js';

/** One disk image, opened on the host. */
export interface Image {
  /** For messages and JSON. */
  readonly path: string;
  readonly source: ByteSource;
  /** Files that the image may name; none when left out. */
  readonly neighbours?: Neighbours;
  /** The image is this folder (a VhdDirectory), and `source` the file `header` in it. */
  readonly folder?: NeighbourFolder;
}

/** How a guest is read; all fields have defaults. */
export interface GuestOptions {
  readonly limits?: Limits;
  /** Read filesystems without their journals. */
  readonly noJournal?: boolean;
  /** Turn filesystem checksum mismatches into warnings. */
  readonly ignoreChecksums?: boolean;
  /** Directories, beside the image's own, in which parents and backing files may lie. */
  readonly parentDirs?: readonly string[];
  /** Parents and backing files may lie anywhere. */
  readonly allowAnyParent?: boolean;
  /** A raw disk may be a VHD's parent. */
  readonly allowRawParent?: boolean;
  /** Go on where a container's checksum that can be ignored is wrong. */
  readonly force?: boolean;
}

/** One disk of the guest: hd0, hd1 ... */
export interface GuestDisk {
  readonly index: number;
  readonly path: string;
  readonly container: Container;
  readonly table: TableKind;
  /** Bytes of the sectors of the partition table. */
  readonly sectorSize: number;
  readonly volumes: readonly GuestVolume[];
  readonly warnings: readonly Warning[];
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
  async inspect(): Promise<{ readonly filesystem: FileSystem | null; readonly problem: Problem | null }> {
    const known = this.volume.problem ?? this.membership;
    if (known !== null) return { filesystem: null, problem: known };
    try {
      const filesystem = await this.filesystem();
      if (filesystem !== null) return { filesystem, problem: null };
      const identity = await identify(this.volume.source);
      return { filesystem: null, problem: identity === null ? null : unreadable(identity) };
    } catch (error) {
      return { filesystem: null, problem: problemOf(error) };
    }
  }
}

export class Guest {
  private constructor(
    readonly disks: readonly GuestDisk[],
    /** Volumes of all disks in order, then those of volume managers. */
    readonly volumes: readonly GuestVolume[],
    readonly warnings: readonly Warning[],
    readonly limits: Limits,
    private readonly sources: readonly ByteSource[],
  ) {}

  /**
   * Opens the containers and reads the partition tables; filesystems are opened later, when they are needed.
   * @param images the disks in order: hd0, hd1 ...; the guest closes their sources
   * @throws TygrubError when a container or table cannot be read at all
   */
  static async open(images: readonly Image[], options: GuestOptions = {}): Promise<Guest> {
    if (images.length === 0) throw usageError('guest.no-image', 'no disk image was given');
    const limits = options.limits ?? DEFAULT_LIMITS;
    const volumes: GuestVolume[] = [];
    const warnings: Warning[] = [];
    const fsOptions: FileSystemOptions = {
      limits,
      noJournal: options.noJournal ?? false,
      ignoreChecksums: options.ignoreChecksums ?? false,
      otherVolumes: async () => volumes.map((v) => v.volume.source),
    };
    const disks: GuestDisk[] = [];
    const containers: Container[] = [];
    try {
      for (const [index, image] of images.entries()) {
        const container = await openContainer(new BlockCache(image.source, limits.cacheSize), {
          limits,
          neighbours: image.neighbours ?? NO_NEIGHBOURS,
          ...(image.folder === undefined ? {} : { folder: image.folder }),
          path: image.path,
          allowRawParent: options.allowRawParent ?? false,
          force: options.force ?? false,
        });
        containers.push(container);
        const table = await scanVolumes(container.disk, limits);
        const own = table.volumes.map((volume) => new GuestVolume(volume, { index }, fsOptions));
        volumes.push(...own);
        disks.push({
          index,
          path: image.path,
          container,
          table: table.table,
          sectorSize: table.sectorSize,
          volumes: own,
          warnings: [...container.warnings, ...table.warnings],
        });
      }
      await assembleManaged(volumes, warnings, fsOptions);
    } catch (error) {
      for (const container of containers) await container.close?.();
      throw error;
    }
    return new Guest(
      disks,
      volumes,
      warnings,
      limits,
      images.map((image) => image.source),
    );
  }

  /**
   * The volume that a person means: a name, a filesystem UUID or a label.
   * @throws TygrubError not-found listing what there is; usage when a label fits several
   */
  async volume(wanted: string): Promise<GuestVolume> {
    const byName = this.volumes.find((v) => v.answersTo(wanted));
    if (byName !== undefined) return byName;
    const found: GuestVolume[] = [];
    for (const volume of this.volumes) {
      const { filesystem } = await volume.inspect();
      if (filesystem === null) continue;
      if (filesystem.uuid?.toLowerCase() === wanted.toLowerCase() || (wanted !== '' && filesystem.label === wanted)) found.push(volume);
    }
    if (found.length > 1) {
      throw usageError('guest.ambiguous-volume', `${found.map((v) => v.name).join(', ')} all are called ${wanted}`, {
        hint: 'name the volume',
      });
    }
    const only = found[0];
    if (only !== undefined) return only;
    throw notFound('guest.no-volume', `there is no volume ${wanted}`, { hint: await this.listFilesystems() });
  }

  /**
   * The one filesystem of the guest. The filesystem of a whole disk counts before what else its bytes are also listed as: the
   * partitions and boot images of a hybrid ISO image.
   * @throws TygrubError not-found when there is none, usage when there are several, both listing them
   */
  async onlyFilesystem(): Promise<GuestVolume> {
    const found: GuestVolume[] = [];
    const attempts: string[] = [];
    for (const volume of this.volumes) {
      const { filesystem, problem } = await volume.inspect();
      if (filesystem !== null) found.push(volume);
      else attempts.push(`${volume.name}: ${problem?.message ?? 'no filesystem that tygrub knows'}`);
    }
    const only = found[0];
    if (only === undefined) throw notFound('guest.no-filesystem', 'no filesystem was found', { attempts });
    if (found.length > 1 && (this.disks.length > 1 || only.volume.name !== 'whole')) {
      throw usageError('guest.several-filesystems', 'the disk has several filesystems', {
        hint: `choose one with --volume: ${await this.listFilesystems()}`,
      });
    }
    return only;
  }

  /** Gives back what the images and their containers hold on the host. */
  async close(): Promise<void> {
    for (const disk of this.disks) await disk.container.close?.();
    for (const source of this.sources) await source.close?.();
  }

  private async listFilesystems(): Promise<string> {
    const rows: string[] = [];
    for (const volume of this.volumes) {
      const { filesystem } = await volume.inspect();
      if (filesystem === null) continue;
      rows.push([volume.name, filesystem.type, filesystem.uuid ?? '', filesystem.label ?? ''].filter((part) => part !== '').join(' '));
    }
    return rows.length === 0 ? 'no filesystem was found' : `filesystems are ${rows.join(', ')}`;
  }
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
  return { code: `volume.${identity.kind}`, message: `${identity.description} (${identity.type}): ${reasons[identity.kind]}` };
}

/** Levels of volume managers on each other that are followed (LVM on md on LVM is two: managers of one round stand on each other). */
const MANAGER_ROUNDS = 4;

/**
 * Lets the volume managers make volumes of volumes, in the order of their table: what one makes is looked at by the next,
 * and all of it again in the next round. A volume that one manager took is nobody else's: LVM on a RAID 1 whose
 * superblock is at the end would be found on each member as well.
 */
async function assembleManaged(volumes: GuestVolume[], warnings: Warning[], options: FileSystemOptions): Promise<void> {
  const seen = new Map<string, Set<GuestVolume>>(VOLUME_MANAGERS.map((manager) => [manager.name, new Set()]));
  for (let round = 0; round < MANAGER_ROUNDS; round++) {
    let made = 0;
    for (const manager of VOLUME_MANAGERS) {
      const asked = seen.get(manager.name) ?? new Set();
      const members = new Map<string, GuestVolume>();
      for (const volume of volumes) {
        if (asked.has(volume) || volume.memberOf !== null || volume.volume.problem !== null) continue;
        asked.add(volume);
        if (await probes(manager, volume)) members.set(volume.grubName, volume);
      }
      if (members.size === 0) continue;
      const found: ManagedMember[] = [...members].map(([where, { volume }]) => ({ where, source: volume.source }));
      try {
        const result = await manager.assemble(found, options.limits);
        for (const [where, membership] of result.members) members.get(where)?.joins(membership);
        volumes.push(...result.volumes.map((volume) => new GuestVolume(volume, null, options)));
        warnings.push(...result.warnings);
        made += result.volumes.length;
      } catch (error) {
        if (!(error instanceof TygrubError)) throw error;
        warnings.push({ code: error.code, message: `${manager.name} on ${found.map((m) => m.where).join(', ')}: ${error.summary}` });
      }
    }
    if (made === 0) return;
  }
}

/** A volume whose bytes cannot even be read for a look is no member; whoever opens it will say why. */
async function probes(manager: VolumeManager, volume: GuestVolume): Promise<boolean> {
  try {
    return await manager.probe(volume.volume.source);
  } catch (error) {
    if (!(error instanceof TygrubError)) throw error;
    return false;
  }
}
