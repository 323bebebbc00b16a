// A file of 256 MiB out of an array of two disks, RAID 1 (one member given) and RAID 0: tygrub against grub-fstest, and against what an
// administrator does as root (attach, assemble, mount, copy, undo it all) where the kernel has md. Prints how many times as long as
// the quickest of them tygrub takes, within one run. Needs e2fsprogs; grub-fstest where it is installed, mdadm and root for the array.
import { existsSync, openSync, writeSync } from 'node:fs';
import { SUPERBLOCK_1 } from '../../dist/src/volume/md/layout.js';
import { copyTime, makeTree, onPath, output, ratioTable, run, spread, workFolder } from './against-peers.mjs';

const SECTOR = 512;
const CHUNK = 64 * 1024;
const SUPERBLOCK_AT = 4096;
const DATA_OFFSET = 1024 * 1024;
const MiB = 1024 * 1024;

/** Writes a superblock of version 1.2, as `mdadm --create` would: that needs an md in the kernel. */
function writeMember(disk, level, number, dataSize, uuid) {
  const roles = [0, 1];
  const bytes = new Uint8Array(SUPERBLOCK_1.size + 2 * roles.length);
  SUPERBLOCK_1.encode(bytes, {
    magic: 0xa92b4efc,
    major_version: 1,
    set_uuid: new Uint8Array(16).fill(uuid),
    set_name: new TextEncoder().encode('bench:data'.padEnd(32, '\0')),
    level,
    size: level === 1 ? dataSize / SECTOR : 0,
    chunksize: level === 1 ? 0 : CHUNK / SECTOR,
    raid_disks: roles.length,
    data_offset: DATA_OFFSET / SECTOR,
    data_size: dataSize / SECTOR,
    super_offset: SUPERBLOCK_AT / SECTOR,
    recovery_offset: null,
    resync_offset: null,
    dev_number: number,
    device_uuid: new Uint8Array(16).fill(uuid + 1 + number),
    events: 10,
    max_dev: roles.length,
  });
  const view = new DataView(bytes.buffer);
  for (const [i, role] of roles.entries()) view.setUint16(SUPERBLOCK_1.size + 2 * i, role, true);
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 4) sum += view.getUint32(at, true);
  SUPERBLOCK_1.encode(bytes, { sb_csum: ((sum % 2 ** 32) + Math.floor(sum / 2 ** 32)) % 2 ** 32 });
  writeSync(openSync(disk, 'r+'), bytes, 0, bytes.length, SUPERBLOCK_AT);
}

const folder = workFolder('md');
const loops = [];
try {
  const tree = makeTree(folder, { names: 400, fileMiB: 256 });
  const volume = `${folder}/data.img`;
  run('mke2fs', ['-q', '-t', 'ext4', '-d', tree, volume, '600M']);
  const out = `${folder}/out`;
  const target = `${folder}/mounted`;
  run('mkdir', [target]);
  for (const level of [1, 0]) {
    const dataSize = (level === 1 ? 600 : 300) * MiB;
    const disks = [`${folder}/raid${level}-1.img`, `${folder}/raid${level}-2.img`];
    for (const disk of disks) run('truncate', ['-s', String(DATA_OFFSET + dataSize), disk]);
    if (level === 0) spread(volume, disks, DATA_OFFSET, CHUNK);
    else for (const disk of disks) spread(volume, [disk], DATA_OFFSET, MiB);
    for (const [number, disk] of disks.entries()) writeMember(disk, level, number, dataSize, 16 + level);
    const given = level === 1 ? disks.slice(0, 1) : disks;
    ratioTable(`md, RAID ${level}: copy of a file of 256 MiB`, {
      tygrub: () => copyTime.tygrub(given[0], '/big', out, ...given.slice(1)),
      ...(onPath('grub-fstest')
        ? { 'grub-fstest': () => run('grub-fstest', ['-c', String(given.length), ...given, 'cp', '(md/data)/big', `${out}.grub`]) }
        : {}),
      ...(existsSync('/proc/mdstat') && onPath('mdadm')
        ? {
            'losetup, mdadm, mount, cp'() {
              for (const disk of given) loops.push(output('losetup', ['--find', '--show', '--read-only', disk]));
              run('mdadm', ['--assemble', '--run', '--readonly', '/dev/md99', ...loops]);
              run('mount', ['-o', 'ro,noload', '/dev/md99', target]);
              run('cp', [`${target}/big`, `${out}.mounted`]);
              run('umount', [target]);
              run('mdadm', ['--stop', '/dev/md99']);
              run('losetup', ['--detach', ...loops.splice(0)]);
            },
          }
        : {}),
    });
    run('rm', disks);
  }
} finally {
  if (loops.length > 0) run('losetup', ['--detach', ...loops]);
  run('rm', ['-rf', folder]);
}
