/** Unified kernel images by systemd's ukify, held against `ukify inspect` and `objdump -h`. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readPe, readUki, sectionSource } from '../../src/boot/uki/index.js';
import { provideNodeCodecs } from '../../src/codec/node-codecs.js';
import { canBoot, identifyInitrd, identifyKernel, plainKernel } from '../../src/kernel/index.js';
import { DEFAULT_LIMITS } from '../../src/limits.js';
import type { ByteSource } from '../../src/source/byte-source.js';
import { MemorySource } from '../../src/source/memory.js';
import { menuOf } from '../boot/support/read-config.js';
import { gather } from '../codec/tools.js';
import { Random, seed } from '../support/mutation.js';
import { temporaryFolder } from '../support/program.js';
import { skip, tool } from '../support/requirements.js';
import { debianPackage, packageFile, packages, wholePackage } from './debian-packages.js';
import { makeCpio } from './make-cpio.js';
import { makeBzImage, makeElf } from './make-elf.js';
import { makeZboot } from './make-pe.js';

provideNodeCodecs();

const TOOLS = ['systemd-ukify', 'python3-pefile', 'systemd-boot-efi'];
const PATH = '/EFI/Linux/x.efi';
const missing = [tool('python3', 'apt-get install python3'), tool('objdump', 'apt-get install binutils')];

/** Runs ukify with the Python module that it needs. */
function ukify(...args: string[]): string {
  const modules = packageFile('python3-pefile', 'usr/lib/python3/dist-packages', 'trixie');
  const run = spawnSync('python3', [packageFile('systemd-ukify', 'usr/bin/ukify', 'trixie'), ...args], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, PYTHONPATH: modules },
  });
  if (run.status !== 0) throw new Error(`ukify ${args.join(' ')}: ${run.stderr}`);
  return run.stdout;
}

const stub = (suite: 'stable' | 'trixie' = 'trixie'): string =>
  packageFile('systemd-boot-efi', 'usr/lib/systemd/boot/efi/linuxx64.efi.stub', suite);

const addonStub = (): string => packageFile('systemd-boot-efi', 'usr/lib/systemd/boot/efi/addonx64.efi.stub', 'trixie');

interface Row {
  readonly name: string;
  readonly size: number;
  readonly offset: number;
}

/** The section table as binutils shows it. */
function objdumpSections(file: string): Row[] {
  const run = spawnSync('objdump', ['-h', '-w', file], { encoding: 'utf8' });
  if (run.status !== 0) return []; // binutils for another machine
  const rows = run.stdout.matchAll(/^\s*\d+ (\S+)\s+([0-9a-f]+)\s+[0-9a-f]+\s+[0-9a-f]+\s+([0-9a-f]+)/gm);
  return [...rows].map(([, name = '', size = '', offset = '']) => ({
    name,
    size: Number.parseInt(size, 16),
    offset: Number.parseInt(offset, 16),
  }));
}

interface Inspected {
  readonly size: number;
  readonly sha256: string;
  readonly text?: string;
}

async function bytesOf(source: ByteSource): Promise<Uint8Array> {
  return source.read(0, source.size);
}

async function opened(file: { open(): Promise<ByteSource> } | null | undefined): Promise<Uint8Array | null> {
  return file == null ? null : bytesOf(await file.open());
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe.skipIf(skip('ukify', ...missing, packages('trixie', ...TOOLS), packages('stable', 'systemd-boot-efi')))('images by ukify', () => {
  const folder = temporaryFolder();
  let number = 0;
  const file = (content: string | Uint8Array): string => {
    const path = join(folder, `in-${number++}`);
    writeFileSync(path, content);
    return path;
  };
  const output = (): string => join(folder, `out-${number++}.efi`);
  const load = (path: string): Uint8Array => new Uint8Array(readFileSync(path));
  const elf = makeElf();
  const kernel = makeBzImage(gzipSync(elf), elf.length, { appendSize: false });

  /** The same sections as objdump shows, the same content as ukify's. */
  async function compareSections(path: string): Promise<void> {
    const source = new MemorySource(load(path));
    const pe = await readPe(source, DEFAULT_LIMITS);
    const rows = objdumpSections(path);
    if (rows.length > 0) expect(pe?.sections.map(({ name, size, offset }) => ({ name, size, offset }))).toEqual(rows);
    const inspected: Record<string, Inspected> = JSON.parse(ukify('inspect', path, '--all', '--json=short'));
    for (const [name, { size, sha256 }] of Object.entries(inspected)) {
      const same = pe?.sections.filter((section) => section.name === name) ?? [];
      const contents = await Promise.all(same.map(async (section) => bytesOf(sectionSource(source, section))));
      expect(
        contents.map((bytes) => `${bytes.length} ${digest(bytes)}`),
        `${name} of ${path}`,
      ).toContain(`${size} ${sha256}`);
    }
  }

  it('has the sections that objdump shows with the content that ukify put there, whatever is in it', async () => {
    const random = new Random(seed());
    const noise = (length: number): Uint8Array => Uint8Array.from({ length }, () => random.next(256));
    for (let n = 0; n < 10; n++) {
      const linux = random.next(2) === 0 ? kernel : Buffer.concat([kernel, noise(random.next(2000))]);
      const initrds = Array.from({ length: random.next(3) }, () => noise(1 + random.next(5000)));
      // Debian 12's stub has room for a few more sections only.
      const isFull = random.next(3) > 0;
      const ucode = !isFull || random.next(2) === 0 ? null : noise(1 + random.next(2000));
      const words = Array.from({ length: random.next(40) }, () => `w${random.next(1000)}`).join(' ');
      const args = ['--linux', file(linux), '--stub', stub(isFull ? 'trixie' : 'stable'), '--os-release', 'ID=x\nNAME="X"\n'];
      const uname = `6.${random.next(20)}.0-x`;
      args.push('--cmdline', words, '--uname', uname);
      for (const initrd of initrds) args.push('--initrd', file(initrd));
      if (ucode !== null) args.push('--microcode', file(ucode));
      if (isFull && random.next(2) === 0) args.push('--devicetree', file(noise(500)), '--splash', file(noise(700)));
      if (isFull && random.next(2) === 0) args.push('--section', `.mine:@${file(noise(513))}`);
      const path = output();
      ukify('build', ...args, '--output', path);
      await compareSections(path);
      const menu = await menuOf('uki', PATH, { [PATH]: load(path) });
      const [entry] = menu.entries;
      expect(`seed ${seed()} number ${n}: ${entry?.args}`).toBe(`seed ${seed()} number ${n}: ${words}`);
      expect(Buffer.compare((await opened(entry?.kernel)) ?? new Uint8Array(0), linux)).toBe(0);
      // ukify pads each to 4 bytes where it joins several.
      const padding = (initrd: Uint8Array) => new Uint8Array(initrds.length > 1 ? -initrd.length & 3 : 0);
      const joined = Buffer.concat(initrds.flatMap((initrd) => [initrd, padding(initrd)]));
      const wanted = [...(ucode === null ? [] : [ucode]), ...(initrds.length === 0 ? [] : [joined])];
      const found = await Promise.all((entry?.initrds ?? []).map((initrd) => opened(initrd)));
      expect(found.map((bytes) => digest(bytes ?? new Uint8Array(0)))).toEqual(wanted.map(digest));
    }
  });

  it('says of the kernel inside what it says of the kernel itself', async () => {
    const found = debianPackage('linux-image-686-pae', 'i386', true);
    if (found === null) throw new Error('linux-image-686-pae cannot be downloaded');
    const name = readdirSync(join(found, 'boot')).find((entry) => entry.startsWith('vmlinuz-')) ?? 'missing';
    const linux = join(found, 'boot', name);
    // ukify unpacks a zboot program itself.
    const zboot = file(makeZboot(gzipSync(kernel), 'gzip'));
    for (const path of [linux, file(elf), zboot]) {
      const image = output();
      ukify('build', '--linux', path, '--stub', stub(), '--cmdline', 'ro', '--uname', '1', '--os-release', 'ID=x', '--output', image);
      const info = await identifyKernel(new MemorySource(load(image)));
      const plain = await identifyKernel(new MemorySource(path === zboot ? kernel : load(path)));
      expect(info).toEqual({ ...plain, wrappers: [{ kind: 'uki', compression: null }, ...plain.wrappers] });
      expect(canBoot(info, { boot: 'any' })).toMatchObject({ code: 'kernel.wrapper' });
      const [a, b] = [await plainKernel(new MemorySource(load(image))), await plainKernel(new MemorySource(load(path)))];
      expect(digest(await gather(a.stream()))).toBe(digest(await gather(b.stream())));
    }
  });

  it('has profiles, as ukify joins them', async () => {
    const addProfile = (...args: string[]): string => {
      const path = output();
      ukify('build', ...args, '--stub', addonStub(), '--output', path);
      return path;
    };
    const initrd = makeCpio(['init']);
    const second = addProfile('--profile', 'ID=reset\nTITLE=Factory reset', '--cmdline', 'reset=1 quiet');
    const third = addProfile('--profile', 'ID=debug\nTITLE=Debug', '--cmdline', 'debug', '--initrd', file(makeCpio(['debug'])));
    const image = output();
    const common = ['--linux', file(kernel), '--initrd', file(initrd), '--microcode', file(makeCpio(['kernel/x86/microcode/x']))];
    ukify(
      'build',
      ...common,
      ...[
        '--cmdline',
        'ro',
        '--os-release',
        'ID=x\nPRETTY_NAME="X 1"\n',
        '--uname',
        '1',
        '--profile',
        'ID=main\nTITLE=Main',
        '--stub',
        stub(),
      ],
      ...['--join-profile', second, '--join-profile', third, '--output', image],
    );
    await compareSections(image);
    const uki = await readUki(new MemorySource(load(image)), DEFAULT_LIMITS);
    expect(uki?.profiles.map(({ number: n, id, title }) => [n, id, title])).toEqual([
      [0, 'main', 'Main'],
      [1, 'reset', 'Factory reset'],
      [2, 'debug', 'Debug'],
    ]);
    const menu = await menuOf('uki', PATH, { [PATH]: load(image) });
    expect(menu.entries.map((entry) => [entry.title, entry.args])).toEqual([
      ['X 1 (Main)', 'ro'],
      ['X 1 (Factory reset)', 'reset=1 quiet'],
      ['X 1 (Debug)', 'debug'],
    ]);
    for (const [n, entry] of menu.entries.entries()) {
      const names = entry.initrds.map((part) => part.part);
      expect(names).toEqual(['.ucode', '.initrd']);
      const main = entry.initrds[1];
      if (main === undefined) throw new Error('no initrd');
      expect(await identifyInitrd(await main.open())).toMatchObject({ truncated: false, problem: null });
      const expected = n === 2 ? makeCpio(['debug']) : initrd;
      expect(digest((await opened(main)) ?? new Uint8Array(0))).toBe(digest(expected));
      expect(digest((await opened(entry.kernel)) ?? new Uint8Array(0))).toBe(digest(kernel));
    }
  });

  it('is an add-on without a kernel, whose command line counts', async () => {
    const addon = output();
    ukify('build', '--cmdline', 'extra=1', '--stub', addonStub(), '--output', addon);
    await compareSections(addon);
    expect(await identifyKernel(new MemorySource(load(addon)))).toMatchObject({ description: 'an add-on for unified kernel images' });
    const image = output();
    ukify('build', '--linux', file(kernel), '--cmdline', 'ro', '--os-release', 'ID=x', '--uname', '1', '--stub', stub(), '--output', image);
    const menu = await menuOf('uki', PATH, { [PATH]: load(image), [`${PATH}.extra.d/a.addon.efi`]: load(addon) });
    expect(menu.entries[0]?.args).toBe('ro extra=1');
  });

  it('is one for arm64 as well', async () => {
    const folderOfStub = wholePackage('systemd-boot-efi', 'trixie', 'arm64');
    const found = debianPackage('linux-image-arm64', 'arm64', true);
    if (folderOfStub === null || found === null) throw new Error('packages for arm64 cannot be downloaded');
    const name = readdirSync(join(found, 'boot')).find((entry) => entry.startsWith('vmlinuz-')) ?? 'missing';
    const linux = join(found, 'boot', name);
    const image = output();
    const armStub = join(folderOfStub, 'usr/lib/systemd/boot/efi/linuxaa64.efi.stub');
    ukify(
      'build',
      '--efi-arch',
      'aa64',
      '--linux',
      linux,
      '--stub',
      armStub,
      '--cmdline',
      'ro',
      '--uname',
      '1',
      '--os-release',
      'ID=x',
      '--output',
      image,
    );
    const source = new MemorySource(load(image));
    expect((await readUki(source, DEFAULT_LIMITS))?.architecture).toBe('aa64');
    const info = await identifyKernel(source);
    expect(info).toMatchObject({ format: 'Image', architecture: 'arm64', os: 'linux', wrappers: [{ kind: 'uki' }], problem: null });
    expect(info.release).toMatch(/-arm64$/);
    await compareSections(image);
  });
});
