// A file of 256 MiB out of a logical volume that is striped over two disks: tygrub against grub-fstest, and against what an administrator
// does as root (attach both disks, activate the group, mount, copy, undo it all) where the kernel has a device mapper. Prints how many
// times as long as the quickest of them tygrub takes, within one run. Needs lvm2, e2fsprogs, root and loop devices; grub-fstest where it is installed.
import { existsSync } from 'node:fs';
import { copyTime, makeTree, onPath, output, ratioTable, run, spread, workFolder } from './against-peers.mjs';

const MiB = 1024 * 1024;
const STRIPE = 64 * 1024;
const folder = workFolder('lvm');
const loops = [];
try {
  const tree = makeTree(folder, { names: 400, fileMiB: 256 });
  const disks = [`${folder}/pv1.img`, `${folder}/pv2.img`];
  for (const disk of disks) run('truncate', ['-s', '420M', disk]);
  const attach = () => loops.push(...disks.map((disk) => output('losetup', ['--find', '--show', disk])));
  const detach = () => run('losetup', ['--detach', ...loops.splice(0)]);
  const config = () =>
    `devices { use_devicesfile=0 filter=[${loops.map((loop) => `"a|^${loop}$|"`).join(',')},"r|.*|"] } backup { backup=0 archive=0 } ` +
    'global { event_activation=0 } activation { udev_sync=0 udev_rules=0 }';
  // Without a device mapper the metadata are made all the same; nothing is activated.
  const lvm = (command, ...args) => run('lvm', [command, '--config', config(), '--driverloaded', 'n', ...args]);
  attach();
  lvm('pvcreate', ...loops);
  lvm('vgcreate', 'bench', ...loops);
  lvm('lvcreate', '-an', '-Zn', '-Wn', '-y', '-i', '2', '-I', '64', '-L', '600M', '-n', 'root', 'bench');
  detach();
  const volume = `${folder}/root.img`;
  run('mke2fs', ['-q', '-t', 'ext4', '-d', tree, volume, '600M']);
  // Extents begin at 1 MiB, and the volume at the first extent of each disk.
  spread(volume, disks, MiB, STRIPE);
  run('rm', [volume]);
  const out = `${folder}/out`;
  const target = `${folder}/mounted`;
  run('mkdir', [target]);
  ratioTable('LVM2, striped over two disks: copy of a file of 256 MiB', {
    tygrub: () => copyTime.tygrub(disks[0], '/big', out, ...disks.slice(1)),
    ...(onPath('grub-fstest')
      ? { 'grub-fstest': () => run('grub-fstest', ['-c', '2', ...disks, 'cp', '(lvm/bench-root)/big', `${out}.grub`]) }
      : {}),
    ...(existsSync('/dev/mapper/control') && output('sh', ['-c', 'dmsetup version >/dev/null 2>&1 && echo yes || echo no']) === 'yes'
      ? {
          'losetup, vgchange, mount, cp'() {
            attach();
            run('vgchange', ['--config', config(), '-ay', 'bench']);
            run('vgmknodes', ['--config', config(), 'bench']);
            run('mount', ['-o', 'ro', '/dev/bench/root', target]);
            run('cp', [`${target}/big`, `${out}.mounted`]);
            run('umount', [target]);
            run('vgchange', ['--config', config(), '-an', 'bench']);
            detach();
          },
        }
      : {}),
  });
} finally {
  if (loops.length > 0) run('losetup', ['--detach', ...loops]);
  run('rm', ['-rf', folder]);
}
