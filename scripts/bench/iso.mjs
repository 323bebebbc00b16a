// A file of 256 MiB and a listing of 5,000 names out of an ISO 9660 image with Rock Ridge: tygrub against xorriso and 7z.
// Prints how many times as long as the quickest of them tygrub takes, within one run. Needs xorriso; 7z where it is installed.
import { copyTime, makeTree, onPath, ratioTable, run, workFolder } from './against-peers.mjs';

const folder = workFolder('iso');
try {
  const tree = makeTree(folder, { names: 5000, fileMiB: 256 });
  const image = `${folder}/disc.iso`;
  run('xorriso', ['-as', 'mkisofs', '-quiet', '-R', '-o', image, tree]);
  const out = `${folder}/out`;
  ratioTable('ISO 9660: copy of a file of 256 MiB', {
    tygrub: () => copyTime.tygrub(image, '/big', out),
    xorriso: () => run('xorriso', ['-osirrox', 'on', '-indev', image, '-extract', '/big', out]),
    ...(onPath('7z') ? { '7z': () => run('7z', ['e', '-y', `-o${out}.d`, image, 'big']) } : {}),
  });
  ratioTable('ISO 9660: listing of 5,000 names', {
    tygrub: () => copyTime.list(image, '/many'),
    xorriso: () => run('xorriso', ['-indev', image, '-ls', '/many']),
  });
} finally {
  run('rm', ['-rf', folder]);
}
