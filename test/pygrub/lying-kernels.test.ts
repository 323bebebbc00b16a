/** XSA-55: kernels whose headers lie, through the whole program: handed out as they are, or refused in one line. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { SETUP_HEADER } from '../../src/kernel/bzimage/layout.js';
import { ELF_NOTE, ELF64_HEADER, ELF64_PROGRAM_HEADER, ELF64_SECTION_HEADER } from '../../src/kernel/elf/layout.js';
import { makeBzImage, makeElf } from '../kernel/make-elf.js';
import { ROOT } from '../support/program.js';
import { root, skip, tool } from '../support/requirements.js';
import { ext4, LAUNCHER, runPygrub, scratch, UID } from './images.js';

/** tygrub itself. */
const PROGRAM = join(ROOT, 'dist', 'bin', 'tygrub.cjs');
const NOTES = ELF64_HEADER.size + ELF64_PROGRAM_HEADER.size;
const HUGE = 0xffffffff;

/** An ELF kernel after a change. */
function elf(change: (bytes: Uint8Array) => void): Uint8Array {
  const bytes = makeElf();
  change(bytes);
  return bytes;
}

/** A bzImage whose setup header was changed. */
function bzImage(values: Parameters<typeof SETUP_HEADER.encode>[1], payload = makeElf()): Uint8Array {
  const bytes = makeBzImage(gzipSync(payload), payload.length);
  SETUP_HEADER.encode(bytes, values);
  return bytes;
}

const firstNote = (bytes: Uint8Array): number => ELF64_PROGRAM_HEADER.decode(bytes, NOTES).p_offset ?? 0;
const firstSection = (bytes: Uint8Array): number => ELF64_HEADER.decode(bytes).e_shoff ?? 0;

/** What lies, the kernel, and what is said about it. */
const LIES: readonly [what: string, kernel: Uint8Array, said: RegExp][] = [
  ['e_phoff', elf((b) => ELF64_HEADER.encode(b, { e_phoff: 2 ** 40 })), /program header/],
  ['e_phnum', elf((b) => ELF64_HEADER.encode(b, { e_phnum: 0xffff })), /program header|elfHeaders/],
  ['e_phentsize', elf((b) => ELF64_HEADER.encode(b, { e_phentsize: 1 })), /program header/],
  ['p_filesz of the notes', elf((b) => ELF64_PROGRAM_HEADER.encode(b, { p_filesz: 2 ** 43 }, NOTES)), /note/],
  ['p_offset of the notes', elf((b) => ELF64_PROGRAM_HEADER.encode(b, { p_offset: 2 ** 52 }, NOTES)), /note/],
  ['n_descsz', elf((b) => ELF_NOTE.encode(b, { n_descsz: HUGE }, firstNote(b))), /note/],
  ['n_namesz', elf((b) => ELF_NOTE.encode(b, { n_namesz: HUGE }, firstNote(b))), /note/],
  ['payload_offset', bzImage({ payload_offset: HUGE }), /payload/],
  ['payload_length', bzImage({ payload_length: HUGE }), /payload/],
  // Xen looks at nothing that they lead to, but refuses a program that they lead out of.
  ['e_shoff', elf((b) => ELF64_HEADER.encode(b, { e_shoff: 2 ** 52 })), /section headers/],
  ['e_shnum', elf((b) => ELF64_HEADER.encode(b, { e_shnum: 0xffff })), /section headers/],
];

/** Lies that change nothing for a guest whose notes are found: nothing of what they lead to is looked at. */
const HARMLESS: readonly [what: string, kernel: Uint8Array][] = [
  ['e_shstrndx', elf((b) => ELF64_HEADER.encode(b, { e_shstrndx: 0xffff }))],
  ['sh_offset', elf((b) => ELF64_SECTION_HEADER.encode(b, { sh_offset: 2 ** 52 }, firstSection(b) + ELF64_SECTION_HEADER.size))],
];

let images = 0;
function guestOf(kernel: Uint8Array): string {
  const disk = ext4({ '/boot/grub/grub.cfg': "menuentry 'x' {\n linux /boot/k ro\n}\n", '/boot/k': 'x' });
  const file = scratch(`lie${++images}`);
  writeFileSync(file, kernel);
  for (const command of ['rm /boot/k', `write ${file} /boot/k`]) {
    const run = spawnSync('debugfs', ['-w', '-R', command, disk], { encoding: 'utf8' });
    if (run.status !== 0) throw new Error(`debugfs ${command}: ${run.stderr}`);
  }
  return disk;
}

const bounded = { prefix: ['timeout', '-k', '1', '60'] };

/** What `tygrub kernel`, which looks at all of it, says. */
function told(kernel: Uint8Array): string {
  const file = scratch(`lie${++images}`);
  writeFileSync(file, kernel);
  const run = spawnSync(process.execPath, [PROGRAM, 'kernel', file], { encoding: 'utf8', timeout: 60_000 });
  expect(run.signal).toBeNull();
  return run.stdout + run.stderr;
}

describe.skipIf(skip('kernels that lie', root(), tool('mke2fs', 'apt-get install e2fsprogs')))('XSA-55: a kernel that lies', () => {
  it.each(LIES)('about %s is handed out as it is, or refused in one line with --strict', (_, kernel, said) => {
    const disk = guestOf(kernel);
    const run = runPygrub(LAUNCHER, ['-q', `--runas=${UID}`], disk, bounded);
    expect([run.status, run.left]).toEqual([0, { boot_kernel: Buffer.from(kernel).toString('latin1') }]);
    expect(run.stderr).toMatch(/^(pygrub: warning: "x" may not start: [^\n]*\n)?$/);
    const strict = runPygrub(LAUNCHER, ['-q', '--strict', `--runas=${UID}`], disk, bounded);
    if (strict.status === 0) expect(strict.left).toEqual(run.left);
    else {
      expect([strict.status, strict.stdout, strict.left]).toEqual([1, '', {}]);
      expect(strict.stderr).toMatch(/^RuntimeError: [^\n]*\n$/);
      expect(strict.stderr).toMatch(said);
      expect(strict.stderr).not.toContain('internal error');
    }
    expect(told(kernel)).toMatch(said);
  });

  it.each(HARMLESS)('about %s starts all the same', (_, kernel) => {
    const run = runPygrub(LAUNCHER, ['-q', '--strict', '--boot=pv', `--runas=${UID}`], guestOf(kernel), bounded);
    expect([run.status, run.stderr, run.left]).toEqual([0, '', { boot_kernel: Buffer.from(kernel).toString('latin1') }]);
  });

  it('inside a packed kernel comes out as it is, or not at all', () => {
    for (const [, kernel] of LIES.slice(0, 7)) {
      const packed = makeBzImage(gzipSync(kernel), kernel.length);
      const run = runPygrub(LAUNCHER, ['-q', '--decompress', `--runas=${UID}`], guestOf(packed), bounded);
      expect([run.status, run.left]).toEqual([0, { boot_kernel: Buffer.from(kernel).toString('latin1') }]);
    }
  });
});
