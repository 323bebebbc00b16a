// The disk of the benchmark: a real Debian, made once by images/make-debian-disk.sh and kept.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const MiB = 1024 * 1024;

/** @param {string | undefined} folder where the disks are, or shall be made @returns {import('./contestants.mjs').Disk} */
export function debianDisk(folder = join(tmpdir(), 'tygrub-bench-disks')) {
  const file = (suffix) => join(folder, `debian-mbr.${suffix}`);
  if (!existsSync(file('vhd'))) {
    console.error('bench: making a Debian disk (needs root and the packages that images/make-debian-disk.sh names)');
    const part = `${folder}.part`;
    mkdirSync(part, { recursive: true });
    const made = spawnSync(join(root, 'images', 'make-debian-disk.sh'), [part, join(tmpdir(), 'tygrub-debian-packages')], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, FLAVOURS: 'amd64' },
    });
    if (made.status !== 0) throw new Error('images/make-debian-disk.sh failed');
    renameSync(part, folder);
  }
  const said = spawnSync(process.execPath, [join(root, 'dist', 'bin', 'tygrub.cjs'), 'list', '--json', '--quiet', file('vhd')], {
    encoding: 'utf8',
  });
  if (said.status !== 0) throw new Error(`tygrub cannot list ${file('vhd')}: ${said.stderr}`);
  const menu = JSON.parse(said.stdout);
  const entry = menu.entries[menu.default];
  return {
    raw: file('raw'),
    vhd: file('vhd'),
    kernel: entry.kernel.path,
    initrd: entry.initrds[0].path,
    size: entry.kernel.size + entry.initrds[0].size,
    partition: MiB,
  };
}

/** What machine and programs these are, in general terms: no names of hosts. */
export function machine() {
  const line = (command, ...args) => {
    const said = spawnSync(command, args, { encoding: 'utf8', env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` } });
    return said.error === undefined ? (said.stdout || said.stderr).trim().split('\n')[0] : 'not installed';
  };
  const read = (path, pattern) => (existsSync(path) ? (pattern.exec(readFileSync(path, 'utf8'))?.[1] ?? '?') : '?');
  return {
    processor: read('/proc/cpuinfo', /^model name\s*: (.*)$/m),
    cores: Number(line('nproc')),
    kernel: line('uname', '-r').replace(/-.*/, ''),
    system: read('/etc/os-release', /^PRETTY_NAME="(.*)"$/m),
    load: read('/proc/loadavg', /^(\S+)/),
    node: process.versions.node,
    python: line('python3', '--version'),
    xenUtils: line('dpkg-query', '-W', '-f', `\${Version}`, 'xen-utils-4.17'),
    qemuImg: line('qemu-img', '--version'),
    sevenZip: line('dpkg-query', '-W', '-f', `\${Version}`, '7zip', 'p7zip-full'),
    tygrub: line(process.execPath, join(root, 'dist', 'bin', 'tygrub.cjs'), '--version'),
  };
}
