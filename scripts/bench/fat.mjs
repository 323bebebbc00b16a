// A file of 256 MiB and a listing of 400 names out of a FAT32 image: tygrub against mtools and 7z. Prints how many times
// as long as the quickest of them tygrub takes, within one run. Needs dosfstools, mtools (slow at making directories: hence few names); 7z where it is installed.
import { copyTime, makeTree, onPath, ratioTable, run, workFolder } from './against-peers.mjs';

const folder = workFolder('fat');
try {
  const tree = makeTree(folder, { names: 400, fileMiB: 256 });
  const image = `${folder}/disk.img`;
  run('truncate', ['-s', '400M', image]);
  run('mkfs.fat', ['-F', '32', '-s', '8', image]);
  run('mcopy', ['-s', '-i', image, `${tree}/big`, `${tree}/many`, '::/']);
  const out = `${folder}/out`;
  ratioTable('FAT32: copy of a file of 256 MiB', {
    tygrub: () => copyTime.tygrub(image, '/big', out),
    mcopy: () => run('mcopy', ['-n', '-i', image, '::/big', out]),
    ...(onPath('7z') ? { '7z': () => run('7z', ['e', '-y', `-o${out}.d`, image, 'big']) } : {}),
  });
  ratioTable('FAT32: listing of 400 long names', {
    tygrub: () => copyTime.list(image, '/many'),
    mdir: () => run('mdir', ['-b', '-i', image, '::/many']),
  });
} finally {
  run('rm', ['-rf', folder]);
}
