import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { provideNodeCodecs } from '../../src/codec/node-codecs.js';
import { TygrubError } from '../../src/errors.js';
import { canBoot, identifyInitrd, identifyKernel, plainKernel, shortForm } from '../../src/kernel/index.js';
import { withLimits } from '../../src/limits.js';
import { CountingSource } from '../../src/source/counting.js';
import { MemorySource } from '../../src/source/memory.js';
import { damage, mutations, Random, seed } from '../support/mutation.js';
import { makeCpio } from './make-cpio.js';
import { makeBzImage, makeElf } from './make-elf.js';
import { makePe, makeZboot } from './make-pe.js';

provideNodeCodecs();

const elf = makeElf();
const limits = withLimits({ decompressedSize: 1024 * 1024, decompressorWindow: 1024 * 1024 });
const subjects: readonly [string, Uint8Array][] = [
  ['an ELF with a note segment', elf],
  ['an ELF with a note section', makeElf({ place: 'section' })],
  ['an ELF with a __xen_guest section', makeElf({ place: { guest: 'LOADER=generic,XEN_VER=xen-3.0,VIRT_BASE=0x1000,FEATURES=!dom0' } })],
  ['a bzImage with gzip', makeBzImage(gzipSync(elf), elf.length, { appendSize: false })],
  ['a bzImage with a plain ELF', makeBzImage(elf, elf.length, { appendSize: false })],
  ['a gzipped bzImage', gzipSync(makeBzImage(elf, elf.length, { appendSize: false }))],
  [
    'a unified kernel image',
    makePe([
      ['.osrel', Buffer.from('ID=x\n')],
      ['.linux', makeBzImage(elf, elf.length, { appendSize: false })],
    ]),
  ],
  ['an EFI zboot image', makeZboot(gzipSync(elf), 'gzip')],
  ['an initrd', Buffer.concat([makeCpio(['kernel/x86/microcode/AuthenticAMD.bin']), gzipSync(makeCpio(['init', 'bin/sh']))])],
];

/** Reads at most this many bytes for one look: every pass reads the file once, and there are few passes. */
const MAX_READ = 200_000;

describe('damaged kernels', () => {
  const total = mutations(20_000);
  for (const [what, original] of subjects) {
    it(`give an answer or a TygrubError, within bounds: ${what}`, async () => {
      const random = new Random(seed());
      const bytes = new Uint8Array(original);
      for (let n = 0; n < total / subjects.length; n++) {
        const harm = damage(bytes, random);
        const source = new CountingSource(new MemorySource(random.next(8) === 0 ? bytes.subarray(0, random.next(bytes.length)) : bytes));
        try {
          const info = await identifyKernel(source, { limits });
          canBoot(info, { boot: 'any', xenVersion: { major: 4, minor: 14 } });
          shortForm(info);
          const initrd = await identifyInitrd(source, { limits, verify: true });
          expect(initrd.parts.length).toBeLessThanOrEqual(64);
          let size = 0;
          for await (const piece of (await plainKernel(source, limits)).stream()) size += piece.length;
          expect(size).toBeLessThanOrEqual(limits.decompressedSize);
        } catch (error) {
          if (!(error instanceof TygrubError)) throw new Error(`seed ${seed()}, number ${n}: ${harm.description}`, { cause: error });
        } finally {
          harm.undo();
        }
        if (source.bytesRead > MAX_READ)
          throw new Error(`seed ${seed()}, number ${n}: ${harm.description}: ${source.bytesRead} bytes were read`);
      }
    });
  }
});
