// A file of 256 MiB and a listing of 2000 names out of an XFS image: tygrub against dd (of as many bytes) and
// xfs_db. Prints how many times as long as the quickest of them tygrub takes, within one run. Needs xfsprogs.
import { copyTime, makeTree, ratioTable, run, workFolder } from './against-peers.mjs';

const folder = workFolder('xfs');
try {
  const tree = makeTree(folder, { names: 2000, fileMiB: 256 });
  const image = `${folder}/disk.img`;
  const names = Array.from({ length: 2000 }, (_, i) => `name-number-${i} ---644 0 0 /dev/null`).join('\n');
  const proto = `${folder}/proto`;
  run('sh', [
    '-c',
    'printf %s "$1" > "$2"',
    'sh',
    `nothing\n0 0\nd--755 0 0\nbig ---644 0 0 ${tree}/big\nmany d--755 0 0\n${names}\n$\n$\n`,
    proto,
  ]);
  run('truncate', ['-s', '600M', image]);
  run('mkfs.xfs', ['-q', '-p', proto, image]);
  const out = `${folder}/out`;
  ratioTable('XFS: copy of a file of 256 MiB', {
    tygrub: () => copyTime.tygrub(image, '/big', out),
    // No program of xfsprogs copies files out, and few versions of 7z know XFS: the same number of bytes, no filesystem.
    dd: () => run('dd', [`if=${image}`, `of=${out}.dd`, 'bs=1M', 'skip=8', 'count=256', 'status=none']),
  });
  ratioTable('XFS: listing of 2000 names', {
    tygrub: () => copyTime.list(image, '/many'),
    xfs_db: () => run('xfs_db', ['-r', '-c', 'path /many', '-c', 'ls', image]),
  });
} finally {
  run('rm', ['-rf', folder]);
}
