/**
 * Real kernels: files out of Debian packages of any architecture, downloaded once with apt into a folder of their own
 * (nothing is installed, the system's own apt state is left alone) and kept in the temporary folder.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Missing, tool } from '../support/requirements.js';

export type Architecture = 'amd64' | 'i386' | 'arm64';

const CACHE = join(tmpdir(), 'tygrub-debian-packages');

/** apt's options for one architecture, with its own lists. */
function aptOptions(architecture: Architecture): string[] {
  const folder = join(CACHE, `apt-${architecture}`);
  const settings = {
    'APT::Architecture': architecture,
    'APT::Architectures': architecture,
    'APT::Sandbox::User': 'root',
    'Dir::State': join(folder, 'state'),
    'Dir::State::status': '/dev/null',
    'Dir::Cache': join(folder, 'cache'),
    'Acquire::Languages': 'none',
    'Acquire::Retries': '1',
    'Acquire::http::Timeout': '20',
  };
  return ['-qq', ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])];
}

function apt(program: 'apt-get' | 'apt-cache', architecture: Architecture, args: readonly string[], cwd = CACHE): string | null {
  const run = spawnSync(program, [...aptOptions(architecture), ...args], { cwd, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
  return run.status === 0 ? run.stdout : null;
}

/** Reads the lists of packages, once; old ones are good enough. */
function update(architecture: Architecture): boolean {
  const folder = join(CACHE, `apt-${architecture}`);
  const done = join(folder, 'updated');
  if (existsSync(done)) return true;
  mkdirSync(join(folder, 'state', 'lists', 'partial'), { recursive: true });
  mkdirSync(join(folder, 'cache', 'archives', 'partial'), { recursive: true });
  // A source that has nothing for the architecture makes the update fail although Debian's own lists were read.
  apt('apt-get', architecture, ['update']);
  const lists = readdirSync(join(folder, 'state', 'lists')).some((name) => name.includes('_Packages'));
  if (lists) writeFileSync(done, '');
  return lists;
}

/**
 * The folder with a package's files.
 * @param follow take the first dependency instead: of a package that only names the current kernel
 * @returns null where there is no network, no apt, or no such package
 */
export function debianPackage(name: string, architecture: Architecture, follow = false): string | null {
  const folder = join(CACHE, `${name}-${architecture}`);
  if (existsSync(folder)) return folder;
  mkdirSync(CACHE, { recursive: true });
  if (!update(architecture)) return null;
  const depends = follow ? apt('apt-cache', architecture, ['depends', name]) : null;
  const real = follow ? /Depends: (\S+)/.exec(depends ?? '')?.[1] : name;
  if (real === undefined) return null;
  const work = join(CACHE, `download-${process.pid}`);
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work);
  try {
    if (apt('apt-get', architecture, ['download', real], work) === null) return null;
    const file = readdirSync(work).find((entry) => entry.endsWith('.deb'));
    if (file === undefined) return null;
    // Only what can be a kernel: modules would be hundreds of megabytes.
    const unpack = spawnSync(
      'sh',
      [
        '-c',
        'dpkg-deb --fsys-tarfile "$1" | tar -x --wildcards "./boot/*" "./usr/lib/grub/*/*.img" "./usr/lib/ipxe/*"; true',
        'sh',
        join(work, file),
      ],
      { cwd: work },
    );
    if (unpack.status !== 0) return null;
    rmSync(join(work, file));
    renameSync(work, folder);
    return folder;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Why real packages cannot be had here. */
export function debian(): Missing {
  const missing = tool('apt-get', 'only on Debian') ?? tool('dpkg-deb', 'only on Debian');
  if (missing !== null) return missing;
  return debianPackage('memtest86+', 'amd64') === null ? 'no Debian packages can be downloaded (no network?)' : null;
}
