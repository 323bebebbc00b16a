/**
 * The host's files beside a disk image (Node only). Names of parents and backing files come from the disk: a hostile one
 * would name `/etc/shadow` and have its bytes shown as the guest's. So a name counts only when what it leads to, after
 * all symbolic links and `..`, lies in the image's own directory or in one that the user allowed.
 */
import { opendirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, resolve, sep } from 'node:path';
import { TygrubError, usageError } from '../errors.js';
import { DEFAULT_LIMITS } from '../limits.js';
import { HostFileSource, hostError } from './host-file.js';
import type { Neighbour, NeighbourFolder, Neighbours } from './neighbours.js';

/** What a disk image may name beside the files of its own directory. */
export interface NeighbourPolicy {
  /** Further directories in which parents may lie (`--parent-dir`); names are looked up in them too. */
  readonly parentDirs?: readonly string[];
  /** Any file of the host may be a parent (`--allow-any-parent`). */
  readonly allowAnyParent?: boolean;
  /** Names listed of one directory. */
  readonly directoryEntries?: number;
}

interface Rules {
  /** Real paths of the directories that are allowed; found out when something is first asked for. */
  readonly roots: () => readonly string[];
  /** Directories in which relative names are looked up after the container's own. */
  readonly alsoIn: readonly string[];
  readonly anywhere: boolean;
  readonly directoryEntries: number;
}

/**
 * The files that the image at `path` may name.
 * @throws TygrubError io when a directory of `--parent-dir` is not there
 */
export function hostNeighbours(path: string, policy: NeighbourPolicy = {}): Neighbours {
  const alsoIn = (policy.parentDirs ?? []).map((folder) => {
    try {
      return realpathSync(folder);
    } catch (error) {
      throw hostError(error, `--parent-dir ${folder} cannot be used`);
    }
  });
  const home = resolve(path);
  const directories = once(() => homeDirectories(home));
  const roots = once(() => [
    ...directories()
      .map((folder) => realpathOrNull(folder))
      .filter((folder) => folder !== null),
    ...alsoIn,
  ]);
  const directoryEntries = policy.directoryEntries ?? DEFAULT_LIMITS.directoryEntries;
  return new HostNeighbours(directories, { roots, alsoIn, anywhere: policy.allowAnyParent ?? false, directoryEntries });
}

/**
 * A folder of the host as a container of its own.
 * @returns null when `path` is no folder
 */
export function hostFolder(path: string, policy: NeighbourPolicy = {}): NeighbourFolder | null {
  if (statOrNull(path)?.isDirectory() !== true) return null;
  const real = realpathOrNull(path);
  const stat = real === null ? null : statOrNull(real);
  if (real === null || stat === null || !stat.isDirectory()) return null;
  const files = new HostNeighbours(() => [real], {
    roots: () => [real],
    alsoIn: [],
    anywhere: false,
    directoryEntries: policy.directoryEntries ?? DEFAULT_LIMITS.directoryEntries,
  });
  return { path, identity: `${stat.dev}:${stat.ino}`, files, neighbours: hostNeighbours(path, policy) };
}

/** The directories of a file: of its name, and of what the name leads to (not for devices: all of them lie in /dev). */
function homeDirectories(path: string): string[] {
  const own = dirname(path);
  const real = realpathOrNull(path);
  if (real === null || statOrNull(real)?.isBlockDevice() === true) return [own];
  return dirname(real) === own ? [own] : [own, dirname(real)];
}

/** What is worked out when it is first asked for. */
function once<T>(work: () => T): () => T {
  let value: { readonly of: T } | undefined;
  return () => {
    value ??= { of: work() };
    return value.of;
  };
}

class HostNeighbours implements Neighbours {
  constructor(
    private readonly directories: () => readonly string[],
    private readonly rules: Rules,
  ) {}

  async open(name: string): Promise<Neighbour | null> {
    const place = this.find(name, (stat) => !stat.isDirectory());
    if (place === null) return null;
    const source = HostFileSource.open(place.real);
    const neighbours = new HostNeighbours(
      once(() => homeDirectories(place.path)),
      this.rules,
    );
    return { source, path: place.path, identity: source.identity, neighbours };
  }

  async folder(name: string): Promise<NeighbourFolder | null> {
    const place = this.find(name, (stat) => stat.isDirectory());
    if (place === null) return null;
    return {
      path: place.path,
      identity: `${place.stat.dev}:${place.stat.ino}`,
      files: new HostNeighbours(() => [place.real], { ...this.rules, roots: () => [place.real], alsoIn: [], anywhere: false }),
      neighbours: new HostNeighbours(
        once(() => homeDirectories(place.path)),
        this.rules,
      ),
    };
  }

  async list(): Promise<readonly string[]> {
    const names = new Set<string>();
    for (const folder of [...this.directories(), ...this.rules.alsoIn]) {
      let directory: ReturnType<typeof opendirSync>;
      try {
        directory = opendirSync(folder);
      } catch (error) {
        throw hostError(error, `the directory ${folder} cannot be listed`);
      }
      try {
        for (let entry = directory.readSync(); entry !== null && names.size < this.rules.directoryEntries; entry = directory.readSync()) {
          names.add(entry.name);
        }
      } finally {
        directory.closeSync();
      }
    }
    return [...names];
  }

  /** Where a name leads, when something of the wanted kind is there and the rules allow it. */
  private find(name: string, wanted: (stat: Stats) => boolean): { path: string; real: string; stat: Stats } | null {
    if (name === '' || name.includes('\0')) return null;
    const paths = isAbsolute(name) ? [name] : [...this.directories(), ...this.rules.alsoIn].map((folder) => join(folder, name));
    let outside: string | null = null;
    for (const path of paths) {
      const real = realpathOrNull(path);
      const stat = real === null ? null : statOrNull(real);
      if (real === null || stat === null || !wanted(stat)) continue;
      if (this.allows(path, real, stat)) return { path, real, stat };
      outside ??= real;
    }
    if (outside === null) return null;
    throw usageError('source.outside-directory', `${outside} lies outside the directory of the image`, {
      hint: `allow it with --parent-dir ${dirname(outside)}, or any place with --allow-any-parent`,
    });
  }

  private allows(path: string, real: string, stat: Stats): boolean {
    if (this.rules.anywhere || this.isInside(real)) return true;
    // LVs are named by links (/dev/VG/LV) to nodes elsewhere in /dev: for devices the place of the link counts.
    if (!stat.isBlockDevice()) return false;
    const folder = realpathOrNull(dirname(path));
    return folder !== null && this.isInside(join(folder, basename(path)));
  }

  private isInside(real: string): boolean {
    return this.rules.roots().some((root) => real.startsWith(root.endsWith(sep) ? root : root + sep));
  }
}

/** Failures that mean "no such file". */
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP', 'EINVAL']);

function unlessAbsent<T>(path: string, ask: () => T): T | null {
  try {
    return ask();
  } catch (error) {
    if (error instanceof TygrubError) throw error;
    if (error instanceof Error && 'code' in error && typeof error.code === 'string' && ABSENT.has(error.code)) return null;
    throw hostError(error, `${path} cannot be reached`);
  }
}

function realpathOrNull(path: string): string | null {
  return unlessAbsent(path, () => realpathSync.native(path));
}

function statOrNull(path: string): Stats | null {
  return unlessAbsent(path, () => statSync(path));
}
