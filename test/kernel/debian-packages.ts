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

/** `stable` is what the system itself has; `trixie` is Debian 13, for tools that Debian 12 does not have. */
export type Suite = 'stable' | 'trixie';

const CACHE = join(tmpdir(), 'tygrub-debian-packages');

/** Where lists and state of apt lie for one architecture of one suite. */
function stateFolder(architecture: Architecture, suite: Suite): string {
  return join(CACHE, `apt-${architecture}${suite === 'stable' ? '' : `-${suite}`}`);
}

/** apt's options for one architecture, with its own lists. */
function aptOptions(architecture: Architecture, suite: Suite): string[] {
  const folder = stateFolder(architecture, suite);
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
    ...(suite === 'stable' ? {} : { 'Dir::Etc::sourcelist': join(folder, 'debian.sources'), 'Dir::Etc::sourceparts': '/dev/null' }),
  };
  return ['-qq', ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])];
}

/** Runs one of apt's programs; test files run side by side, and apt does not wait for its own locks. */
function apt(program: 'apt-get' | 'apt-cache', options: readonly string[], args: readonly string[], cwd = CACHE): string | null {
  const run = spawnSync('flock', [join(CACHE, 'lock'), program, ...options, ...args], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  return run.status === 0 ? run.stdout : null;
}

/** Reads the lists of packages, once; old ones are good enough. */
function update(architecture: Architecture, suite: Suite): boolean {
  const folder = stateFolder(architecture, suite);
  const done = join(folder, 'updated');
  if (existsSync(done)) return true;
  mkdirSync(join(folder, 'state', 'lists', 'partial'), { recursive: true });
  mkdirSync(join(folder, 'cache', 'archives', 'partial'), { recursive: true });
  if (suite !== 'stable') {
    writeFileSync(
      join(folder, 'debian.sources'),
      `Types: deb\nURIs: http://deb.debian.org/debian\nSuites: ${suite}\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n`,
    );
  }
  // A source that has nothing for the architecture makes the update fail although Debian's own lists were read.
  apt('apt-get', aptOptions(architecture, suite), ['update']);
  const lists = readdirSync(join(folder, 'state', 'lists')).some((name) => name.includes('_Packages'));
  if (lists) writeFileSync(done, '');
  return lists;
}

/** Only what can be a kernel: modules would be hundreds of megabytes. */
const KERNELS = ['./boot/*', './usr/lib/grub/*/*.img', './usr/lib/ipxe/*'];

/**
 * The folder with the kernels of a package.
 * @param follow take the first dependency instead: of a package that only names the current kernel
 * @returns null where there is no network, no apt, or no such package
 */
export function debianPackage(name: string, architecture: Architecture, follow = false): string | null {
  return unpacked(name, architecture, 'stable', join(CACHE, `${name}-${architecture}`), KERNELS, follow);
}

/**
 * The folder with all files of a package.
 * @returns null where there is no network, no apt, or no such package
 */
export function wholePackage(name: string, suite: Suite = 'stable', architecture: Architecture = 'amd64'): string | null {
  return unpacked(name, architecture, suite, join(CACHE, `${name}-${architecture}-${suite}-whole`), [], false);
}

function unpacked(
  name: string,
  architecture: Architecture,
  suite: Suite,
  folder: string,
  patterns: readonly string[],
  follow: boolean,
): string | null {
  if (existsSync(folder)) return folder;
  mkdirSync(CACHE, { recursive: true });
  if (!update(architecture, suite)) return null;
  const options = aptOptions(architecture, suite);
  const depends = follow ? apt('apt-cache', options, ['depends', name]) : null;
  const real = follow ? /Depends: (\S+)/.exec(depends ?? '')?.[1] : name;
  if (real === undefined) return null;
  const work = join(CACHE, `download-${process.pid}`);
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work);
  try {
    if (apt('apt-get', options, ['download', real], work) === null) return null;
    const file = readdirSync(work).find((entry) => entry.endsWith('.deb'));
    if (file === undefined) return null;
    const wanted = patterns.length === 0 ? [] : ['--wildcards', ...patterns];
    const script = 'file=$1; shift; dpkg-deb --fsys-tarfile "$file" | tar -x "$@"; true';
    const unpack = spawnSync('sh', ['-c', script, 'sh', join(work, file), ...wanted], { cwd: work });
    if (unpack.status !== 0) return null;
    rmSync(join(work, file));
    // Another test file may have been quicker.
    if (!existsSync(folder)) renameSync(work, folder);
    return folder;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Why real packages cannot be had here. */
export function debian(): Missing {
  const missing = tool('apt-get', 'only on Debian') ?? tool('dpkg-deb', 'only on Debian') ?? tool('flock', 'apt-get install util-linux');
  if (missing !== null) return missing;
  return debianPackage('memtest86+', 'amd64') === null ? 'no Debian packages can be downloaded (no network?)' : null;
}

/** Why these packages of a suite cannot be had here. */
export function packages(suite: Suite, ...names: string[]): Missing {
  const missing = debian();
  if (missing !== null) return missing;
  const absent = names.filter((name) => wholePackage(name, suite) === null);
  return absent.length === 0 ? null : `${absent.join(', ')} of Debian (${suite}) cannot be downloaded`;
}

/** A file of a package that `packages` found. */
export function packageFile(name: string, path: string, suite: Suite = 'stable'): string {
  const folder = wholePackage(name, suite);
  if (folder === null) throw new Error(`${name} cannot be downloaded`);
  return join(folder, path);
}
