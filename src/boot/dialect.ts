/** What every kind of boot configuration (GRUB 2, syslinux ...) is to the search in `index.ts`. */
import type { FileNode, FileSystem } from '../../fs-readers/index.js';
import { findPath, LookupCache, resolvePath } from '../../fs-readers/path.js';
import { nameText } from '../bytes/text.js';
import { limitReached, notFound, TygrubError } from '../errors.js';
import type { Guest, GuestVolume } from '../guest/guest.js';
import type { Limits } from '../limits.js';
import type { ByteSource } from '../source/byte-source.js';
import { readAll } from '../source/read-all.js';
import type { BootFile, BootMenu } from './menu.js';

/** How the menu is found and read; all fields have defaults. */
export interface BootOptions {
  /** `VOLUME:PATH` of the config to take, instead of searching. */
  readonly config?: string;
  /** Which GRUB's rules apply where they differ; told from the disk by default. */
  readonly grubFlavour?: 'upstream' | 'redhat';
  /** What the script sees as `grub_platform`. Default `pc`. */
  readonly platform?: string;
  /** Offer and choose made-up entries where there is no config. */
  readonly guess?: boolean;
}

/** A config file that was found. */
export interface FoundConfig {
  readonly volume: GuestVolume;
  /** Absolute path in the volume's filesystem. */
  readonly path: string;
}

/** One row of the table of dialects. */
export interface BootDialect {
  readonly name: string;
  /** Comes after all other dialects on all volumes. */
  readonly lastResort?: boolean;
  /** The configs of this dialect on one volume, best first. Only looks at names, reads no contents that it need not. */
  find(files: GuestFiles, volume: GuestVolume): Promise<readonly FoundConfig[]>;
  /** Whether a config that somebody names (`--config VOLUME:PATH`) is of this dialect, by its name alone. */
  claims(path: string): boolean;
  /**
   * Reads a config and what it includes.
   * @throws TygrubError when nothing of it can be used; a part that cannot is a warning of the menu
   */
  read(config: FoundConfig, files: GuestFiles, options: BootOptions): Promise<BootMenu>;
}

/** The guest's files as boot loaders see them: a volume and a path. One for each reading of a menu. */
export class GuestFiles {
  private counted = 0;
  private readonly knownNames = new Map<GuestVolume, LookupCache>();

  constructor(
    readonly guest: Guest,
    readonly limits: Limits,
  ) {}

  /** The filesystem of a volume. @throws TygrubError not-found when there is none, or why it cannot be read */
  async filesystem(volume: GuestVolume): Promise<FileSystem> {
    const fs = await volume.filesystem();
    if (fs !== null) return fs;
    const { problem } = await volume.inspect();
    const why = problem === null ? '' : `: ${problem.message}`;
    throw notFound('boot.no-filesystem', `${volume.name} has no filesystem that tygrub knows${why}`);
  }

  /** The node at a path, links followed; null when the path does not exist. @throws TygrubError corrupt, limit ... */
  async stat(volume: GuestVolume, path: string): Promise<FileNode | null> {
    return this.find(volume, path, true);
  }

  /** The node at a path, without following a link at its end; null when there is none. */
  async lstat(volume: GuestVolume, path: string): Promise<FileNode | null> {
    return this.find(volume, path, false);
  }

  private async find(volume: GuestVolume, path: string, followLast: boolean): Promise<FileNode | null> {
    let cache = this.knownNames.get(volume);
    if (cache === undefined) {
      cache = new LookupCache(this.limits.cachedNames);
      this.knownNames.set(volume, cache);
    }
    try {
      return (await findPath(await this.filesystem(volume), path, this.limits, followLast, cache))?.node ?? null;
    } catch (error) {
      if (error instanceof TygrubError && error.kind === 'not-found') return null;
      throw error;
    }
  }

  /**
   * Counts bytes of configuration that are about to be read, of all files together: small files cost nothing alone, but a
   * disk may name one of them thousands of times.
   * @throws TygrubError limit `configTotalSize`
   */
  count(bytes: number): void {
    this.counted += bytes;
    if (this.counted > this.limits.configTotalSize) {
      throw limitReached('configTotalSize', `the boot configurations have more than ${this.limits.configTotalSize} bytes together`);
    }
  }

  /** The contents of a small text file. @throws TygrubError not-found, limit (`configSize`, `configTotalSize`) ... */
  async readConfig(volume: GuestVolume, path: string): Promise<Uint8Array> {
    const source = await this.open(volume, path);
    if (source.size <= this.limits.configSize) this.count(source.size);
    return readAll(source, this.limits.configSize, 'configSize', `${volume.name}:${path}`);
  }

  /** The contents of a regular file. @throws TygrubError not-found also for what is no regular file */
  async open(volume: GuestVolume, path: string): Promise<ByteSource> {
    // A path that is not there is walked again: that error says which part of it is missing.
    const node = (await this.find(volume, path, true)) ?? (await resolvePath(await this.filesystem(volume), path, this.limits)).node;
    if (node.type !== 'f') throw notFound('boot.not-a-file', `${volume.name}:${path} is not a regular file`);
    return node.open();
  }

  /** Names in a directory, in its own order; an empty list when it does not exist. Bounded by `directoryEntries`. */
  async list(volume: GuestVolume, path: string): Promise<string[]> {
    const node = await this.stat(volume, path);
    if (node === null || node.type !== 'd') return [];
    const names: string[] = [];
    for await (const entry of node.entries()) names.push(nameText(entry.name));
    return names;
  }

  /**
   * A file that an entry loads. The size is looked up; a file that is not there has the size null.
   * @throws TygrubError when the filesystem cannot be read
   */
  async bootFile(volume: GuestVolume, path: string): Promise<BootFile> {
    const node = await this.stat(volume, path);
    const size = node?.type === 'f' ? node.size : null;
    return { volume: volume.name, path, part: null, size, open: () => this.open(volume, path) };
  }
}
