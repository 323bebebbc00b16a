/** Guests whose /boot is on btrfs, made by the kernel, in dynamic VHDs: from the image to the kernel. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { run, runJson, temporaryFolder } from '../support/program.js';
import { loopMount, type Missing, skip, tool } from '../support/requirements.js';
import { fileSum } from '../support/sample.js';

const MiB = 1024 * 1024;
const UUID = '3c1c6d0e-9f3b-4a86-8f1e-0d6c7b1a2e33';

function kernelBtrfs(): Missing {
  return /\bbtrfs\b/.test(readFileSync('/proc/filesystems', 'latin1')) ? null : 'the kernel has no btrfs (modprobe btrfs)';
}

const needs = [
  tool('mkfs.btrfs', 'apt-get install btrfs-progs'),
  tool('qemu-img', 'apt-get install qemu-utils'),
  loopMount(),
  kernelBtrfs(),
];

interface ListJson {
  readonly config: { readonly volume: string; readonly path: string };
  readonly entries: readonly { readonly title: string; readonly args: string; readonly kernel: { readonly path: string } }[];
}

function call(command: string, ...args: string[]): string {
  const result = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
  });
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${result.stderr}`);
  return result.stdout.trim();
}

describe.skipIf(skip('/boot on btrfs', ...needs))('/boot on btrfs', () => {
  const folder = temporaryFolder();
  const kernel = join(folder, 'kernel');
  const initrd = join(folder, 'initrd');

  /** Makes a filesystem, has `fill` write into it mounted, and gives its disks as dynamic VHDs. */
  function disks(name: string, count: number, options: readonly string[], mount: string, fill: (top: string) => void): string[] {
    const raws = Array.from({ length: count }, (_, i) => join(folder, `${name}${i}.raw`));
    const loops = raws.map((raw) => {
      writeFileSync(raw, '');
      truncateSync(raw, 160 * MiB);
      return call('losetup', '--find', '--show', raw);
    });
    const top = join(folder, `${name}-top`);
    mkdirSync(top);
    try {
      call('mkfs.btrfs', '-q', '-f', '-U', UUID, '-L', name, ...options, ...loops);
      call('btrfs', 'device', 'scan', ...loops);
      call('mount', '-t', 'btrfs', '-o', mount, loops[0] ?? '', top);
      try {
        fill(top);
      } finally {
        call('umount', top);
      }
    } finally {
      for (const loop of loops) call('losetup', '--detach', loop);
    }
    return raws.map((raw) => {
      const image = raw.replace(/raw$/, 'vhd');
      call('qemu-img', 'convert', '-f', 'raw', '-O', 'vpc', '-o', 'subformat=dynamic,force_size=on', raw, image);
      return image;
    });
  }

  function write(path: string, text: string): void {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  function install(boot: string): void {
    mkdirSync(boot, { recursive: true });
    copyFileSync(kernel, join(boot, 'vmlinuz'));
    copyFileSync(initrd, join(boot, 'initrd'));
  }

  function extracts(images: readonly string[], out: string): void {
    const target = join(folder, out);
    mkdirSync(target);
    const result = run(['extract', ...images, '--output-directory', target]);
    expect(result.status, result.stderr).toBe(0);
    expect(fileSum(join(target, 'kernel'))).toBe(fileSum(kernel));
    expect(fileSum(join(target, 'initrd'))).toBe(fileSum(initrd));
  }

  const listed = (images: readonly string[]) => {
    const { config, entries } = runJson<ListJson>(['list', ...images, '--json']);
    return { path: config.path, entries: entries.map(({ title, args, kernel: { path } }) => [title, args, path]) };
  };

  beforeAll(() => {
    const noise = (size: number, factor: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => (i * factor + (i >> 8)) & 0xff);
    writeFileSync(kernel, noise(3 * MiB + 17, 31));
    writeFileSync(initrd, noise(5 * MiB + 1, 57));
  });

  it('boots from the snapshot that snapper made the default, with paths relative to it', () => {
    const images = disks('suse', 1, [], 'compress=zstd', (top) => {
      const subvolume = (path: string) => call('btrfs', 'subvolume', 'create', join(top, path));
      subvolume('@');
      mkdirSync(join(top, '@/boot'), { recursive: true });
      subvolume('@/.snapshots');
      mkdirSync(join(top, '@/.snapshots/1'));
      const root = '@/.snapshots/1/snapshot';
      subvolume(root);
      install(join(top, root, 'boot'));
      write(
        join(top, root, 'boot/grub2/grub.cfg'),
        [
          'set btrfs_relative_path="y"',
          'export btrfs_relative_path',
          `search --no-floppy --fs-uuid --set=root ${UUID}`,
          "menuentry 'openSUSE' --class opensuse {",
          `  search --no-floppy --fs-uuid --set=root ${UUID}`,
          `  linux /boot/vmlinuz root=UUID=${UUID} splash=silent`,
          '  initrd /boot/initrd',
          '}',
        ].join('\n'),
      );
      const id = call('btrfs', 'inspect-internal', 'rootid', join(top, root));
      call('btrfs', 'subvolume', 'set-default', id, top);
      // A later snapshot: it must not be what is booted.
      mkdirSync(join(top, '@/.snapshots/2'));
      call('btrfs', 'subvolume', 'snapshot', '-r', join(top, root), join(top, '@/.snapshots/2/snapshot'));
    });
    expect(listed(images)).toEqual({
      path: '/boot/grub2/grub.cfg',
      entries: [['openSUSE', `root=UUID=${UUID} splash=silent`, '/boot/vmlinuz']],
    });
    extracts(images, 'suse-out');
    const listing = run(['ls', images[0] ?? '', '/@/.snapshots/2/snapshot/boot']);
    expect(listing.stdout).toContain('vmlinuz');
  });

  it('boots from a subvolume @ with paths from the top level', () => {
    const images = disks('ubuntu', 1, ['--csum', 'xxhash'], 'compress=zlib', (top) => {
      call('btrfs', 'subvolume', 'create', join(top, '@'));
      call('btrfs', 'subvolume', 'create', join(top, '@home'));
      install(join(top, '@/boot'));
      write(
        join(top, '@/boot/grub/grub.cfg'),
        [
          `search --no-floppy --fs-uuid --set=root ${UUID}`,
          "menuentry 'Ubuntu' {",
          `  linux /@/boot/vmlinuz root=UUID=${UUID} ro rootflags=subvol=@`,
          '  initrd /@/boot/initrd',
          '}',
        ].join('\n'),
      );
    });
    expect(listed(images)).toEqual({
      path: '/@/boot/grub/grub.cfg',
      entries: [['Ubuntu', `root=UUID=${UUID} ro rootflags=subvol=@`, '/@/boot/vmlinuz']],
    });
    extracts(images, 'ubuntu-out');
  });

  it('boots from RAID1 over two disks, from either of them, and by the UUID that both have', () => {
    const images = disks('raid', 2, ['-m', 'raid1', '-d', 'raid1'], 'noatime', (top) => {
      install(join(top, 'boot'));
      write(join(top, 'boot/grub/grub.cfg'), "menuentry 'On RAID1' {\n  linux /boot/vmlinuz quiet\n  initrd /boot/initrd\n}\n");
    });
    const expected = { path: '/boot/grub/grub.cfg', entries: [['On RAID1', 'quiet', '/boot/vmlinuz']] };
    for (const order of [images, [...images].reverse(), images.slice(0, 1), images.slice(1)]) expect(listed(order)).toEqual(expected);
    extracts(images, 'raid-out');
    for (const choice of [[], ['--volume', UUID], ['--volume', 'raid']]) {
      const listing = run(['ls', images[0] ?? '', '/boot', '--disk', images[1] ?? '', ...choice]);
      expect([listing.status, listing.stderr]).toEqual([0, '']);
      expect(listing.stdout).toContain('vmlinuz');
    }
  });
});
