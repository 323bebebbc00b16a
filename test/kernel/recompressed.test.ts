import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { provideNodeCodecs } from '../../src/codec/node-codecs.js';
import { canBoot, identifyKernel, type KernelInfo, parseXenVersion, plainKernel, shortForm } from '../../src/kernel/index.js';
import { CountingSource } from '../../src/source/counting.js';
import { HostFileSource } from '../../src/source/host-file.js';
import { MemorySource } from '../../src/source/memory.js';
import { difference, filter, gather } from '../codec/tools.js';
import { skip, tool } from '../support/requirements.js';
import { debian, debianPackage } from './debian-packages.js';
import { makeBzImage } from './make-elf.js';

provideNodeCodecs();

/** The seven formats, as Linux's build calls their tools (scripts/Makefile.lib), but for the effort where that is slow. */
const FORMATS: readonly [string, string, readonly string[], string][] = [
  ['gzip', 'gzip', ['-n', '-9', '-c'], '4.2'],
  ['bzip2', 'bzip2', ['-9', '-c'], '4.2'],
  ['lzma', 'xz', ['--format=lzma', '-0', '-c'], '4.2'],
  ['xz', 'xz', ['--check=crc32', '--x86', '--lzma2=preset=0,dict=32MiB', '-c'], '4.2'],
  ['lzo', 'lzop', ['-7', '-c'], '4.2'],
  ['lz4', 'lz4', ['-l', '-9', '-c'], '4.4'],
  ['zstd', 'zstd', ['-q', '--ultra', '-3', '--long=27', '-c'], '4.15'],
];

const missing = [...new Set(FORMATS.map(([, command]) => command))].map((command) => tool(command, `apt-get install ${command}`));

describe.skipIf(skip('recompressed kernels', ...missing, debian()))('the same kernel in each of the seven formats', () => {
  let original: KernelInfo;
  let elf: Uint8Array;
  beforeAll(async () => {
    const folder = debianPackage('linux-image-686-pae', 'i386', true);
    if (folder === null) throw new Error('linux-image-686-pae cannot be downloaded');
    const file = readdirSync(join(folder, 'boot')).find((name) => name.startsWith('vmlinuz-')) ?? 'missing';
    const source = HostFileSource.open(join(folder, 'boot', file));
    original = await identifyKernel(source);
    elf = await gather((await plainKernel(source)).stream());
  });

  for (const [name, command, options, since] of FORMATS) {
    it(`${name}: the notes, the plain ELF, and the Xen that can unpack it`, async () => {
      const packed = filter(command, options, elf);
      const image = makeBzImage(packed, elf.length, { version: original.version ?? '', appendSize: name !== 'gzip' });
      const source = new CountingSource(new MemorySource(image));
      const info = await identifyKernel(source);
      expect(info.problem).toBeNull();
      expect(info.payload).toMatchObject({ compression: name, uncompressedSize: elf.length });
      expect(info.xen).toEqual(original.xen);
      expect(shortForm(info)).toMatch(new RegExp(` PVH ${name}$`));
      const plain = await plainKernel(source);
      expect(plain).toMatchObject({ changed: true, size: elf.length });
      expect(difference(await gather(plain.stream()), elf)).toBeNull();
      expect(canBoot(info, { boot: 'pvh', xenVersion: parseXenVersion('4.15') })).toBeNull();
      const older = canBoot(info, { boot: 'pvh', xenVersion: parseXenVersion('4.14') });
      if (since === '4.15') expect(older).toMatchObject({ code: 'kernel.compression' });
      else expect(older).toBeNull();
    });

    it(`${name}: a wrong size behind the payload is told`, async () => {
      const packed = filter(command, options, elf.subarray(0, 2_000_000));
      const image = makeBzImage(packed, 1_999_999, { appendSize: true });
      const plain = await plainKernel(new MemorySource(image));
      await expect(gather(plain.stream())).rejects.toMatchObject({
        code: name === 'gzip' ? expect.any(String) : 'kernel.decompressed-size',
      });
    });
  }
});
