/** Small ext images of many kinds, made by e2fsprogs while the test runs: the base that damage is done to. */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An image in memory. */
export interface SmallImage {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;

/** Runs a tool of e2fsprogs; `statuses` are the exit statuses that are right. */
export function run(command: string, args: readonly string[], input = '', statuses: readonly number[] = [0]): string {
  const result = spawnSync(command, [...args], {
    input,
    encoding: 'utf8',
    env: { ...process.env, PATH, LC_ALL: 'C', E2FSPROGS_FAKE_TIME: '1700000000' },
  });
  if (result.status === null || !statuses.includes(result.status)) {
    throw new Error(`${command} ${args.join(' ')}: ${result.stdout}${result.stderr}`);
  }
  return result.stdout;
}

/** A tree with a bit of everything that can be made without being root. */
function makeTree(root: string): void {
  mkdirSync(join(root, 'boot/grub'), { recursive: true });
  mkdirSync(join(root, 'many'));
  mkdirSync(join(root, 'empty'));
  writeFileSync(join(root, 'boot/grub/grub.cfg'), 'set default=0\nlinux /boot/vmlinuz\n');
  writeFileSync(join(root, 'boot/vmlinuz'), 'kernel line\n'.repeat(3000));
  writeFileSync(join(root, 'small'), 'fits into an inode');
  symlinkSync('boot/vmlinuz', join(root, 'vmlinuz'));
  symlinkSync('y/'.repeat(150), join(root, 'long-link'));
  // Long names, so that few of them need a tree of several blocks.
  for (let i = 0; i < 24; i++) writeFileSync(join(root, 'many', `${i}-${'n'.repeat(200)}`), `${i}\n`);
  // Every other block of a file: more extents than an inode holds.
  const sparse = openSync(join(root, 'sparse'), 'w');
  for (let i = 0; i < 24; i++) writeSync(sparse, Buffer.from(`block ${i}`), 0, null, i * 8192);
  closeSync(sparse);
}

const KINDS: readonly {
  readonly name: string;
  readonly args: string;
  readonly size?: number;
  readonly journal?: boolean;
  readonly attributes?: boolean;
}[] = [
  { name: 'ext2, 1k blocks', args: '-b 1024 -t ext2' },
  { name: 'ext2 revision 0', args: '-b 1024 -r 0 -O none' },
  { name: 'ext3 with a journal in use', args: '-b 1024 -t ext3 -J size=1', size: 4096, journal: true },
  { name: 'ext4 with checksums', args: '-b 1024 -t ext4 -O ^has_journal,metadata_csum,64bit', attributes: true },
  { name: 'ext4 with a journal in use', args: '-b 1024 -t ext4 -J size=1 -O metadata_csum,64bit', size: 4096, journal: true },
  { name: 'ext4 without checksums', args: '-b 1024 -t ext4 -O ^has_journal,^metadata_csum', attributes: true },
  { name: 'ext4 with inline data', args: '-b 1024 -t ext4 -O inline_data,^has_journal,^metadata_csum', attributes: true },
  { name: 'ext4 with bigalloc', args: '-b 1024 -t ext4 -O bigalloc,^has_journal -C 4096' },
  { name: 'ext4 with meta_bg', args: '-b 1024 -t ext4 -O meta_bg,^resize_inode,^has_journal,^flex_bg -g 256' },
  { name: 'ext4 with 4k blocks and ea_inode', args: '-b 4096 -t ext4 -O ^has_journal,ea_inode,^metadata_csum', attributes: true },
];

/** Puts copies of metadata blocks into the journal and leaves it in use. */
function leaveJournalInUse(folder: string, image: string): void {
  const copy = join(folder, 'copy');
  const block = (number: number) => readFileSync(image).subarray(number * 1024, (number + 1) * 1024);
  const table = Number(/Inode table at (\d+)/.exec(run('dumpe2fs', [image]))?.[1]);
  writeFileSync(copy, Buffer.concat([block(table), block(table + 1)]));
  const commands = [
    `jo${image.includes('ext4') ? ' -c' : ''}`,
    `jw -b ${table},${table + 1} ${copy}`,
    `jw -b ${table} -r ${table + 1} ${copy}`,
    'jc',
  ];
  run('debugfs', ['-w', image], `${commands.join('\n')}\n`);
}

/** Makes one image of every kind. */
export function smallImages(): SmallImage[] {
  const folder = mkdtempSync(join(tmpdir(), 'tygrub-ext-'));
  try {
    const tree = join(folder, 'tree');
    makeTree(tree);
    return KINDS.map(({ name, args, size = 1024, journal = false, attributes = false }) => {
      const image = join(folder, `${name.replaceAll(/\W/g, '-')}.img`);
      writeFileSync(image, '');
      truncateSync(image, size * 1024);
      run('mke2fs', [
        '-q',
        '-F',
        '-N',
        '64',
        '-U',
        '01234567-89ab-4def-8123-456789abcdef',
        '-E',
        'hash_seed=01234567-89ab-4def-8123-456789abcdef',
        ...args.split(' '),
        '-d',
        tree,
        image,
      ]);
      if (attributes) {
        const value = join(folder, 'value');
        writeFileSync(value, 'v'.repeat(300));
        run('debugfs', ['-w', image], `ea_set -f ${value} boot/vmlinuz user.large\nea_set boot user.small value\n`);
      }
      // Makes the hash trees that mke2fs leaves out; its status 1 means that it did.
      run('e2fsck', ['-fyD', image], '', [0, 1]);
      if (journal) leaveJournalInUse(folder, image);
      return { name, bytes: new Uint8Array(readFileSync(image)) };
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The parts of an image that are not empty, block by block: damage elsewhere changes nothing. */
export function usedRegions(bytes: Uint8Array): { start: number; length: number }[] {
  const regions: { start: number; length: number }[] = [];
  for (let start = 0; start < bytes.length; start += 1024) {
    const length = Math.min(1024, bytes.length - start);
    if (bytes.subarray(start, start + length).some((byte) => byte !== 0)) regions.push({ start, length });
  }
  return regions;
}
