/** Damaged logs: what of them counts is what the Linux kernel's recovery leaves on the disk, or nothing where it gives up halfway. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolvePath } from '../../../fs-readers/path.js';
import { DEFAULT_LIMITS } from '../../../src/limits.js';
import { MemorySource } from '../../../src/source/memory.js';
import { loopMount, skip, tool } from '../../support/requirements.js';
import { openExt } from './images.js';
import { run } from './small-images.js';

const BLOCK = 1024;
const TRANSACTIONS = 4;

/** A journal of each kind: what `mke2fs` and debugfs' `journal_open` are given. */
const JOURNALS: readonly { readonly name: string; readonly features: string; readonly open: string; readonly checksums: boolean }[] = [
  { name: 'no checksums', features: '^64bit,^metadata_csum', open: 'jo', checksums: false },
  { name: 'no checksums, 64-bit tags', features: '64bit,^metadata_csum', open: 'jo', checksums: false },
  { name: 'checksums of version 2', features: '^64bit,metadata_csum', open: 'jo -c -v 2', checksums: true },
  { name: 'checksums of version 2, 64-bit tags', features: '64bit,metadata_csum', open: 'jo -c -v 2', checksums: true },
  { name: 'checksums of version 3', features: '^64bit,metadata_csum', open: 'jo -c -v 3', checksums: true },
  { name: 'checksums of version 3, 64-bit tags', features: '64bit,metadata_csum', open: 'jo -c -v 3', checksums: true },
];

describe.skipIf(skip('damaged journals under the kernel', loopMount(), tool('debugfs', 'apt-get install e2fsprogs')))(
  'damaged journals, replayed by the kernel and by tygrub',
  () => {
    let folder = '';
    let copies = 0;
    /** The images by their journals, each made once. */
    const made = new Map<string, string>();
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'tygrub-ext-journal-'));
      mkdirSync(join(folder, 'mnt'));
      mkdirSync(join(folder, 'tree'));
      writeFileSync(join(folder, 'tree/file'), 'on disk '.repeat(BLOCK / 8).repeat(TRANSACTIONS + 1));
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    /** Block numbers of a file, or of the journal (`<8>`). */
    function blocksOf(image: string, file: string): number[] {
      return run('debugfs', ['-R', `blocks ${file}`, image])
        .trim()
        .split(/\s+/)
        .map(Number);
    }

    function copyOf(image: string): string {
      const copy = join(folder, `copy-${copies++}`);
      copyFileSync(image, copy);
      return copy;
    }

    /** A filesystem whose `/file` has a newer content in the journal, one more block of it with every transaction. */
    function dirtyImage(features: string, open: string): string {
      const key = `${features} ${open}`;
      const known = made.get(key);
      if (known !== undefined) return copyOf(known);
      const image = join(folder, `image-${made.size}`);
      writeFileSync(image, '');
      truncateSync(image, 4 * 1024 * BLOCK);
      run('mke2fs', ['-q', '-F', '-t', 'ext4', '-b', '1024', '-J', 'size=1', '-O', features, '-d', join(folder, 'tree'), image]);
      const commands = [open];
      const blocks = blocksOf(image, '/file');
      for (let n = 1; n <= TRANSACTIONS; n++) {
        const content = join(folder, `content-${n}`);
        writeFileSync(content, `logged ${n}`.repeat(BLOCK / 8));
        commands.push(`jw -b ${blocks[n - 1]} ${content}`);
        // Every transaction but the first revokes a copy of the one before: of the last block, which all could replace.
        commands.push(`jw -r ${blocks[TRANSACTIONS]}`);
      }
      run('debugfs', ['-w', image], `${[...commands, 'jc'].join('\n')}\n`);
      made.set(key, image);
      return copyOf(image);
    }

    /** `/file` as debugfs reads it from the disk, the journal left out. */
    function onDisk(image: string): string {
      return run('debugfs', ['-R', 'cat /file', image]);
    }

    /** Lets the kernel recover a copy. @returns what is on its disk after that, and whether the kernel mounted it */
    function recovered(image: string): { content: string; mounted: boolean } {
      const copy = copyOf(image);
      const point = join(folder, 'mnt');
      const mounted = spawnSync('mount', ['-t', 'ext4', '-o', 'loop', copy, point]).status === 0;
      if (mounted) run('umount', [point]);
      return { content: onDisk(copy), mounted };
    }

    async function read(image: string): Promise<{ content: string; warnings: string[] }> {
      const fs = await openExt(new MemorySource(new Uint8Array(readFileSync(image))));
      const source = await (await resolvePath(fs, '/file', DEFAULT_LIMITS)).node.open();
      const content = new TextDecoder().decode(await source.read(0, source.size));
      return { content, warnings: fs.warnings.map(({ code }) => code) };
    }

    /** Changes bytes of a block of the journal. */
    function change(image: string, block: number, at: number, bytes: readonly number[]): void {
      const content = readFileSync(image);
      content.set(bytes, (blocksOf(image, '<8>')[block] ?? 0) * BLOCK + at);
      writeFileSync(image, content);
    }

    for (const { name, features, open, checksums } of JOURNALS) {
      /** The kinds of blocks of the log, in order, by their headers. */
      const kinds = (image: string): number[] => {
        const content = readFileSync(image);
        const kind: number[] = [];
        for (const block of blocksOf(image, '<8>')) {
          const header = content.subarray(block * BLOCK, block * BLOCK + 12);
          kind.push(header.readUInt32BE(0) === 0xc03b3998 ? header.readUInt32BE(4) : 0);
        }
        return kind;
      };

      it(`${name}: all of a whole log`, async () => {
        const image = dirtyImage(features, open);
        const theirs = recovered(image);
        expect(theirs).toEqual({ content: expect.stringMatching(/^(logged [1-4]){512}on disk/), mounted: true });
        expect(await read(image)).toEqual({ content: theirs.content, warnings: [] });
      });

      it(`${name}: up to a block of the log that was never written`, async () => {
        for (const type of [1, 2, 5]) {
          const image = dirtyImage(features, open);
          const third = kinds(image).flatMap((kind, at) => (kind === type ? [at] : []))[2] ?? 0;
          change(image, third, 0, new Array<number>(BLOCK).fill(0));
          const theirs = recovered(image);
          expect(theirs.mounted).toBe(true);
          expect(await read(image)).toEqual({ content: theirs.content, warnings: [] });
        }
      });

      it(`${name}: nothing where a revoke block cannot be one`, async () => {
        const image = dirtyImage(features, open);
        change(image, kinds(image).indexOf(5), 0x0c, [0xff, 0xff, 0xff, 0xff]);
        const theirs = recovered(image);
        expect(theirs).toEqual({ content: onDisk(image), mounted: false });
        expect(await read(image)).toEqual({ content: theirs.content, warnings: ['ext.journal-damaged'] });
      });

      if (!checksums) continue;
      it(`${name}: up to a commit block whose checksum is wrong`, async () => {
        const image = dirtyImage(features, open);
        const commits = kinds(image).flatMap((kind, at) => (kind === 2 ? [at] : []));
        change(image, commits[4] ?? 0, 0x10, [1, 2, 3, 4]);
        const theirs = recovered(image);
        expect(theirs.mounted).toBe(false); // the kernel replays, then refuses the mount
        expect(theirs.content).not.toBe(onDisk(image));
        expect(await read(image)).toEqual({ content: theirs.content, warnings: ['ext.journal-damaged'] });
      });

      it(`${name}: nothing where another block of a committed transaction is wrong`, async () => {
        for (const type of [0, 1, 5]) {
          const image = dirtyImage(features, open);
          const all = kinds(image);
          const at = type === 0 ? all.indexOf(1, 4) + 1 : all.indexOf(type, 4);
          change(image, at, 100, [1, 2, 3, 4]);
          expect(recovered(image).mounted).toBe(false);
          expect(await read(image)).toEqual({ content: onDisk(image), warnings: ['ext.journal-damaged'] });
        }
      });
    }
  },
);
