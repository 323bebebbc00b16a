// A file of 256 MiB out of a btrfs image: tygrub against `btrfs restore`, plain and compressed with zstd. Prints how many times as
// long as it tygrub takes, within one run. Needs btrfs-progs, root and a kernel with btrfs (the images are made mounted).
import { copyTime, makeTree, ratioTable, run, workFolder } from './against-peers.mjs';

const folder = workFolder('btrfs');
try {
  const tree = makeTree(folder, { names: 400, fileMiB: 256 });
  for (const compression of ['no', 'zstd']) {
    const image = `${folder}/${compression}.img`;
    const top = `${folder}/top`;
    run('truncate', ['-s', '1G', image]);
    run('mkfs.btrfs', ['-q', '-f', image]);
    run('mkdir', ['-p', top]);
    run('mount', ['-o', `loop,compress-force=${compression}`, image, top]);
    try {
      run('cp', ['-r', `${tree}/big`, `${tree}/many`, top]);
    } finally {
      run('umount', [top]);
    }
    const out = `${folder}/out`;
    const restored = `${folder}/restored`;
    run('mkdir', ['-p', restored]);
    ratioTable(`btrfs, ${compression} compression: copy of a file of 256 MiB`, {
      tygrub: () => copyTime.tygrub(image, '/big', out),
      'btrfs restore': () => run('btrfs', ['restore', '--overwrite', '--path-regex', '^/(|big)$', image, restored]),
    });
  }
} finally {
  run('rm', ['-rf', folder]);
}
