/** Initrds made by the tools that make them, held against lsinitramfs, cpio and the compressors' own tests. */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { provideNodeCodecs } from '../../src/codec/node-codecs.js';
import { type InitrdInfo, identifyInitrd } from '../../src/kernel/index.js';
import { MemorySource } from '../../src/source/memory.js';
import { filter, mixture } from '../codec/tools.js';
import { Random, seed } from '../support/mutation.js';
import { temporaryFolder } from '../support/program.js';
import { skip, tool } from '../support/requirements.js';
import { packageFile, packages } from './debian-packages.js';

provideNodeCodecs();

const RELEASE = '6.1.0-none';
/** As mkinitramfs and the kernel call them; the command that unpacks and tests, the kernel's name of the format. */
const COMPRESSORS: readonly (readonly [command: string, level: string, compression: string])[] = [
  ['gzip', '1', 'gzip'],
  ['zstd', '3', 'zstd'],
  ['xz', '0', 'xz'],
  ['lz4', '1', 'lz4'],
  ['lzma', '0', 'lzma'],
  ['bzip2', '1', 'bzip2'],
  ['lzop', '1', 'lzo'],
];

const verify = (bytes: Uint8Array): Promise<InitrdInfo> => identifyInitrd(new MemorySource(bytes), { verify: true });
const load = (path: string): Uint8Array => new Uint8Array(readFileSync(path));
const entriesOf = (info: InitrdInfo): number => info.parts.reduce((sum, part) => sum + (part.entries ?? 0), 0);

/** Runs a program that must succeed. */
function must(command: string, args: readonly string[], env: Record<string, string> = {}, cwd?: string): string {
  const run = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
    env: { ...process.env, LC_ALL: 'C', ...env },
    cwd,
  });
  if (run.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${run.stderr}`);
  return run.stdout;
}

/** The names in an initrd by initramfs-tools' own program, of all its archives. */
function listed(path: string): number {
  return must('lsinitramfs', [path])
    .split('\n')
    .filter((line) => line !== '').length;
}

/** A cpio archive of a folder. */
function archive(folder: string, format: string): Uint8Array {
  const script = `find . ! -name . | sort | cpio --quiet -R 0:0 -o -H ${format}`;
  const run = spawnSync('sh', ['-c', script], { cwd: folder, maxBuffer: 256 * 1024 * 1024 });
  if (run.status !== 0) throw new Error(`cpio: ${run.stderr}`);
  return new Uint8Array(run.stdout);
}

/** Cuts an initrd at random places of its last part: it must be seen, and nothing else may happen. */
async function cut(bytes: Uint8Array, from: number, times: number, what: string): Promise<void> {
  const random = new Random(seed());
  for (let n = 0; n < times; n++) {
    const length = from + 1 + random.next(bytes.length - from - 600);
    const info = await verify(bytes.subarray(0, length));
    expect(`${what}, seed ${seed()}, at ${length}: ${info.truncated}`).toBe(`${what}, seed ${seed()}, at ${length}: true`);
    expect(info.description).toMatch(/, cut off$/);
  }
}

const commands = COMPRESSORS.map(([command]) => tool(command, `apt-get install ${command}`));
const basics = [tool('cpio', 'apt-get install cpio'), ...commands];

/** A folder with files of many sizes, the same for the same seed. */
function makeTree(folder: string): void {
  const random = new Random(seed());
  mkdirSync(join(folder, 'lib', 'deep'), { recursive: true });
  for (let n = 0; n < 30; n++) writeFileSync(join(folder, 'lib', `file-${'x'.repeat(n)}`), mixture(random.next(6000), n));
  writeFileSync(join(folder, 'lib', 'deep', 'empty'), '');
  writeFileSync(join(folder, 'init'), '#!/bin/sh\n');
}

/** An early archive with microcode, as the packages with microcode make it. */
function earlyArchive(folder: string): Uint8Array {
  mkdirSync(join(folder, 'kernel', 'x86', 'microcode'), { recursive: true });
  writeFileSync(join(folder, 'kernel', 'x86', 'microcode', 'AuthenticAMD.bin'), mixture(3001, 1));
  return archive(folder, 'newc');
}

describe.skipIf(skip('initrds by mkinitramfs', ...basics, tool('mkinitramfs', 'apt-get install initramfs-tools')))(
  'initrds by mkinitramfs',
  () => {
    const folder = temporaryFolder();
    const script = join(folder, 'mkinitramfs');
    const early = join(folder, 'early.cpio');
    beforeAll(() => {
      mkdirSync(join(folder, 'modules', RELEASE), { recursive: true });
      mkdirSync(join(folder, 'early'));
      cpSync('/etc/initramfs-tools', join(folder, 'config'), { recursive: true });
      // The tool looks for the kernel's files at their places in the system: a copy of it looks here.
      const original = readFileSync('/usr/sbin/mkinitramfs', 'utf8');
      writeFileSync(script, original.replaceAll('/boot/config-', `${folder}/config-`).replaceAll('/lib/modules/', `${folder}/modules/`));
      chmodSync(script, 0o755);
      const settings = ['GZIP', 'BZIP2', 'LZMA', 'XZ', 'LZO', 'LZ4', 'ZSTD'].map((name) => `CONFIG_RD_${name}=y\n`);
      writeFileSync(join(folder, `config-${RELEASE}`), settings.join(''));
      writeFileSync(
        join(folder, 'config', 'initramfs.conf'),
        'MODULES=list\nBUSYBOX=auto\nKEYMAP=n\nCOMPRESS=gzip\nRUNSIZE=10%\nFSTYPE=auto\n',
      );
      writeFileSync(early, earlyArchive(join(folder, 'early')));
      mkdirSync(join(folder, 'config', 'hooks'), { recursive: true });
      const hook = join(folder, 'config', 'hooks', 'microcode');
      const test = 'case "$1" in prereqs) exit 0 ;; esac';
      writeFileSync(
        hook,
        `#!/bin/sh\n${test}\n. /usr/share/initramfs-tools/hook-functions\n[ -z "$EARLY" ] || prepend_earlyinitramfs "$EARLY"\n`,
      );
      chmodSync(hook, 0o755);
    });

    for (const [number, [command, level, compression]] of COMPRESSORS.entries()) {
      const hasEarly = number % 2 === 0;
      it(`${hasEarly ? 'microcode, then ' : ''}${command}: what lsinitramfs lists, and where it is cut`, async () => {
        const output = join(folder, command);
        must(script, ['-d', join(folder, 'config'), '-c', command, '-l', level, '-o', output, RELEASE], hasEarly ? { EARLY: early } : {});
        const bytes = load(output);
        const info = await verify(bytes);
        expect(info).toMatchObject({ truncated: false, problem: null });
        const microcode = { kind: 'cpio', compression: null, microcode: true, offset: 0, entries: 4 };
        const main = { kind: 'cpio', compression, microcode: false };
        expect(info.parts).toMatchObject(hasEarly ? [microcode, main] : [main]);
        expect(entriesOf(info)).toBe(listed(output));
        await cut(bytes, info.parts[info.parts.length - 1]?.offset ?? 0, 2, command);
      });
    }
  },
);

const dracut = [tool('lsinitramfs', 'apt-get install initramfs-tools'), packages('stable', 'dracut-core')];
describe.skipIf(skip('initrds by dracut', ...basics, ...dracut))('initrds by dracut', () => {
  const folder = temporaryFolder();
  for (const [command, compression] of [
    ['gzip', 'gzip'],
    ['cat', null],
  ] as const) {
    it(`early microcode, then ${command}`, async () => {
      const modules = join(folder, 'lib', 'modules', RELEASE);
      const firmware = join(folder, 'firmware');
      mkdirSync(modules, { recursive: true });
      mkdirSync(join(firmware, 'amd-ucode'), { recursive: true });
      writeFileSync(join(modules, 'modules.dep'), '');
      writeFileSync(join(firmware, 'amd-ucode', 'microcode_amd.bin'), mixture(3000, 1));
      const output = join(folder, `${command}.img`);
      const places = ['--conf', '/dev/null', '--confdir', folder, '--tmpdir', folder, '--kmoddir', modules, '--fwdir', firmware];
      const what = ['--no-kernel', '--kver', RELEASE, '-m', 'base', '--early-microcode', '--no-hostonly', '--compress', command];
      must('bash', [packageFile('dracut-core', 'usr/bin/dracut'), ...places, ...what, '--force', output], {
        dracutbasedir: packageFile('dracut-core', 'usr/lib/dracut'),
      });
      const bytes = load(output);
      const info = await verify(bytes);
      expect(info).toMatchObject({ truncated: false, problem: null });
      expect(info.parts).toMatchObject([
        { kind: 'cpio', compression: null, microcode: true },
        { kind: 'cpio', compression, microcode: false },
      ]);
      // lsinitramfs complains about what lies behind an archive that is not compressed, after it has listed all.
      const names = spawnSync('lsinitramfs', [output], { encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 })
        .stdout.trim()
        .split('\n');
      expect(entriesOf(info)).toBe(names.length);
      await cut(bytes, info.parts[1]?.offset ?? 0, 3, command);
    });
  }
});

describe.skipIf(skip('initrds by tiny-initramfs', ...basics, packages('stable', 'tiny-initramfs-core')))(
  'initrds by tiny-initramfs',
  () => {
    const folder = temporaryFolder();
    it('are one small archive compressed with gzip', async () => {
      const script = join(folder, 'mktirfs');
      const functions = packageFile('tiny-initramfs-core', 'usr/share/tiny-initramfs');
      const programs = packageFile('tiny-initramfs-core', 'usr/lib/x86_64-linux-gnu/tiny-initramfs');
      const original = readFileSync(packageFile('tiny-initramfs-core', 'usr/sbin/mktirfs'), 'utf8');
      writeFileSync(
        script,
        original.replaceAll('/usr/share/tiny-initramfs', functions).replaceAll('/usr/lib/x86_64-linux-gnu/tiny-initramfs', programs),
      );
      const output = join(folder, 'out');
      must('sh', [script, '-m', 'no', '-M', 'no', '-o', output, RELEASE]);
      const info = await verify(load(output));
      expect(info).toMatchObject({ truncated: false, problem: null, parts: [{ kind: 'cpio', compression: 'gzip', entries: 4 }] });
      await cut(load(output), 0, 10, 'tiny-initramfs');
    });
  },
);

describe.skipIf(skip('initrds by cpio', ...basics))('initrds by cpio and each compressor', () => {
  const folder = temporaryFolder();
  const packed = (command: string, bytes: Uint8Array): Uint8Array =>
    filter(command, [...(command === 'lz4' ? ['-l'] : []), ...(command === 'xz' ? ['--check=crc32'] : []), '-q', '-c'], bytes);
  let plain: Uint8Array;
  let early: Uint8Array;
  beforeAll(() => {
    mkdirSync(join(folder, 'early'));
    mkdirSync(join(folder, 'tree'));
    makeTree(join(folder, 'tree'));
    plain = archive(join(folder, 'tree'), 'newc');
    early = earlyArchive(join(folder, 'early'));
  });

  /** Names by cpio. */
  const counted = (bytes: Uint8Array): number =>
    filter('cpio', ['-t', '--quiet'], bytes).reduce((count, byte) => count + (byte === 0x0a ? 1 : 0), 0);

  it('plain, and with checksums (-H crc): as many names as cpio lists', async () => {
    for (const format of ['newc', 'crc']) {
      const bytes = archive(join(folder, 'tree'), format);
      const info = await verify(bytes);
      expect(info).toMatchObject({
        truncated: false,
        problem: null,
        parts: [{ kind: 'cpio', compression: null, entries: counted(bytes) }],
      });
    }
  });

  it('formats of cpio that Linux does not unpack are a problem', async () => {
    for (const format of ['odc', 'bin', 'ustar', 'hpodc']) {
      for (const bytes of [archive(join(folder, 'tree'), format), filter('gzip', ['-c'], archive(join(folder, 'tree'), format))]) {
        expect((await verify(bytes)).problem, format).toMatchObject({ code: 'initrd.unknown' });
      }
    }
  });

  it('a plain archive that is cut: complete as long as cpio says so', async () => {
    const random = new Random(seed());
    for (let n = 0; n < 60; n++) {
      // A third of the cuts lie in the padding behind the last entry and just before it.
      const length = n % 3 === 0 ? plain.length - random.next(700) : 1 + random.next(plain.length);
      const bytes = plain.subarray(0, length);
      const isWhole = spawnSync('cpio', ['-t', '--quiet'], { input: bytes }).status === 0;
      const info = await verify(bytes);
      expect(`seed ${seed()}, at ${length}: ${info.truncated === false && info.problem === null}`).toBe(
        `seed ${seed()}, at ${length}: ${isWhole}`,
      );
    }
  });

  for (const [command, , compression] of COMPRESSORS) {
    it(`${command}: whole, and cut: complete as long as ${command} -t says so`, async () => {
      const random = new Random(seed());
      const bytes = packed(command, plain);
      expect(await verify(bytes)).toMatchObject({ truncated: false, problem: null, parts: [{ compression, entries: counted(plain) }] });
      const all = Buffer.concat([early, bytes]);
      for (let n = 0; n < 25; n++) {
        const length = n % 5 === 0 ? bytes.length - random.next(40) : 8 + random.next(bytes.length - 8);
        const isWhole = spawnSync(command, ['-t', '-q'], { input: bytes.subarray(0, length) }).status === 0;
        const info = await verify(all.subarray(0, early.length + length));
        const what = `${command}, seed ${seed()}, at ${length} of ${bytes.length}`;
        expect(`${what}: ${info.truncated}`).toBe(`${what}: ${!isWhole}`);
        expect(info.parts).toMatchObject([{ microcode: true }, { compression }]);
      }
    });

    it(`${command}: archives that follow each other in one stream count all`, async () => {
      const bytes = packed(command, Buffer.concat([early, plain]));
      expect(entriesOf(await verify(bytes))).toBe(counted(early) + counted(plain));
      // Behind zeros, and compressed each for itself.
      const several = Buffer.concat([early, new Uint8Array(512), packed(command, plain), packed(command, early)]);
      const info = await verify(several);
      expect(info).toMatchObject({ truncated: false, problem: null });
      // Nothing tells where lzma's data ends: what follows it is not seen.
      if (command !== 'lzma') expect(entriesOf(info)).toBe(2 * counted(early) + counted(plain));
    });
  }

  it('is a filesystem image where it is one, as old initrds are', async () => {
    const missing = tool('mke2fs', 'apt-get install e2fsprogs');
    if (missing !== null) return;
    const image = join(folder, 'ext2.img');
    must('mke2fs', ['-q', '-t', 'ext2', '-d', join(folder, 'tree'), image, '2M'], { PATH: `${process.env['PATH']}:/sbin:/usr/sbin` });
    for (const bytes of [load(image), filter('gzip', ['-c'], load(image))]) {
      expect(await verify(bytes)).toMatchObject({ problem: null, parts: [{ kind: 'filesystem' }] });
    }
  });
});
