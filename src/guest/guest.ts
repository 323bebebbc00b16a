/**
 * A guest's disks as one thing: containers, their volumes, the filesystems on them. Everything is opened when it is
 * first needed and once; failures are kept and told, never swallowed.
 */
import type { FileSystem, FileSystemOptions } from '../../fs-readers/index.js';
import { type Container, openContainer } from '../disk/index.js';
import { notFound, usageError, type Warning } from '../errors.js';
import { DEFAULT_LIMITS, type Limits } from '../limits.js';
import { BlockCache } from '../source/block-cache.js';
import type { ByteSource } from '../source/byte-source.js';
import { type NeighbourFolder, type Neighbours, NO_NEIGHBOURS } from '../source/neighbours.js';
import { scanVolumes, type TableKind } from '../volume/index.js';
import { GuestVolume } from './guest-volume.js';
import { assembleManaged } from './managed-volumes.js';

export { GuestVolume } from './guest-volume.js';

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

/** A guest's disks, opened: their volumes, and the filesystems on them. Close it when it is no longer needed. */
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

  /** A guest of one disk that is nothing but a volume made elsewhere: a config file alone. */
  static ofVolume(volume: GuestVolume, limits: Limits): Guest {
    const container = { format: 'raw', description: '', disk: volume.volume.source, warnings: [] };
    const disk: GuestDisk = { index: 0, path: '', container, table: null, sectorSize: 512, volumes: [volume], warnings: [] };
    return new Guest([disk], [volume], [], limits, []);
  }

  /**
   * The volume that a person means: a name, a filesystem UUID or a label.
   * @throws TygrubError not-found listing what there is; usage when a label fits several
   */
  async volume(wanted: string): Promise<GuestVolume> {
    const byName = this.volumes.find((v) => v.answersTo(wanted));
    if (byName !== undefined) return byName;
    const found: GuestVolume[] = [];
    const spanning = new Set<string>();
    for (const volume of this.volumes) {
      const { filesystem } = await volume.inspect();
      if (filesystem === null || isKnown(filesystem, spanning)) continue;
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
    const spanning = new Set<string>();
    for (const volume of this.volumes) {
      const { filesystem, reason } = await volume.inspect();
      if (filesystem !== null) {
        if (!isKnown(filesystem, spanning)) found.push(volume);
      } else attempts.push(`${volume.name}: ${reason}`);
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

/** Whether another volume of the same filesystem (btrfs on several devices) was seen before; notes this one. */
function isKnown(filesystem: FileSystem, seen: Set<string>): boolean {
  if (filesystem.spans === undefined) return false;
  const known = seen.has(filesystem.spans);
  seen.add(filesystem.spans);
  return known;
}
