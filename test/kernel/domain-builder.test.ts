/** What tygrub says a kernel can start as, held against Xen's own domain builder (libxenguest), which needs no hypervisor for that. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { provideNodeCodecs } from '../../src/codec/node-codecs.js';
import { canBoot, identifyKernel } from '../../src/kernel/index.js';
import { MemorySource } from '../../src/source/memory.js';
import { filter } from '../codec/tools.js';
import { Random, seed } from '../support/mutation.js';
import { temporaryFolder } from '../support/program.js';
import { skip, tool } from '../support/requirements.js';
import { debianPackage, packageFile, packages } from './debian-packages.js';
import { LINUX_NOTES, makeBzImage, makeElf, NOTE, type NoteSpec } from './make-elf.js';

provideNodeCodecs();

const LIBRARIES = '/usr/lib/x86_64-linux-gnu';
const VERSION = '4.17';
const library = (name: string): string => join(LIBRARIES, `lib${name}.so.${name === 'xentoollog' ? '1' : VERSION}`);
const missing = existsSync(library('xenguest'))
  ? null
  : `libxenguest of Xen ${VERSION} is not there (apt-get install xen-utils-${VERSION})`;

/** Whether the library was built without a decompressor. */
function lacks(compression: string): boolean {
  const text = readFileSync(library('xenguest'), 'latin1');
  return text.toLowerCase().includes(`${compression === 'lzo' ? 'lzo1x' : compression} decompress support unavailable`);
}

interface Verdict {
  readonly pv: string | null;
  readonly pvh: string | null;
}

/** What kernels can start as, by tygrub: the guest's type, null for not at all. */
async function ours(kernel: Uint8Array): Promise<Verdict & { readonly why: string; readonly isUnreadable: boolean }> {
  const info = await identifyKernel(new MemorySource(kernel));
  const [pv, pvh] = [canBoot(info, { boot: 'pv' }), canBoot(info, { boot: 'pvh' })];
  return {
    pv: pv === null ? (info.xen?.guestType ?? 'none') : null,
    pvh: pvh === null ? 'hvm' : null,
    isUnreadable: info.problem !== null,
    why: `${pv?.code} ${pv?.message}; ${pvh?.code} ${pvh?.message}`,
  };
}

const needs = [missing, tool('cc', 'apt-get install gcc libc6-dev'), packages('stable', 'libxen-dev')];
describe.skipIf(skip("Xen's domain builder", ...needs))("Xen's domain builder", () => {
  const folder = temporaryFolder();
  const program = join(folder, 'domain-builder');
  beforeAll(() => {
    const source = fileURLToPath(new URL('fixtures/domain-builder.c', import.meta.url));
    const headers = packageFile('libxen-dev', 'usr/include');
    const libraries = [library('xenguest'), library('xenctrl'), library('xentoollog')];
    const made = spawnSync('cc', ['-D__XEN_TOOLS__', '-I', headers, source, '-o', program, ...libraries], { encoding: 'utf8' });
    if (made.status !== 0) throw new Error(made.stderr);
  });

  /** What kernels can start as, by Xen. */
  function theirs(kernels: readonly Uint8Array[]): Verdict[] {
    const sizes = kernels.map((kernel) => {
      const head = Buffer.alloc(4);
      head.writeUInt32LE(kernel.length);
      return head;
    });
    const input = Buffer.concat(kernels.flatMap((kernel, i) => [sizes[i] ?? Buffer.alloc(0), kernel]));
    const run = spawnSync(program, { input, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
    const lines = run.stdout.trim().split('\n');
    if (run.status !== 0 || lines.length !== kernels.length) throw new Error(`the domain builder ended (${run.signal}): ${run.stderr}`);
    return lines.map((line) => {
      const [, pv, pvType, , pvh] = line.trim().split(' ');
      return { pv: pv === '0' ? (pvType ?? null) : null, pvh: pvh === '0' ? 'hvm' : null };
    });
  }

  async function compare(kernels: ReadonlyMap<string, Uint8Array>): Promise<void> {
    const verdicts = theirs([...kernels.values()]);
    const differing: string[] = [];
    for (const [i, [what, kernel]] of [...kernels].entries()) {
      const own = await ours(kernel);
      const xen = verdicts[i];
      // What cannot be read is refused, where Xen may go on with the notes that it has understood.
      if (own.isUnreadable || (own.pv === xen?.pv && own.pvh === xen?.pvh)) continue;
      differing.push(`${what}: ${own.pv} ${own.pvh}, Xen says ${xen?.pv} ${xen?.pvh}; ${own.why}`);
    }
    expect(differing.slice(0, 10)).toEqual([]);
  }

  it('takes the same of the real kernels', async () => {
    const kernels = new Map<string, Uint8Array>();
    for (const [name, architecture] of [
      ['linux-image-amd64', 'amd64'],
      ['linux-image-cloud-amd64', 'amd64'],
      ['linux-image-686-pae', 'i386'],
    ] as const) {
      const found = debianPackage(name, architecture, true);
      if (found === null) throw new Error(`${name} cannot be downloaded`);
      for (const file of readdirSync(join(found, 'boot')).filter((entry) => entry.startsWith('vmlinuz-'))) {
        kernels.set(file, new Uint8Array(readFileSync(join(found, 'boot', file))));
      }
    }
    await compare(kernels);
  });

  it('takes the same of one kernel in each packing', async () => {
    const elf = makeElf();
    const kernels = new Map<string, Uint8Array>([
      ['plain', elf],
      ['gzipped', gzipSync(elf)],
      ['plain in a bzImage', makeBzImage(elf, elf.length, { appendSize: false })],
    ]);
    for (const [name, command, args] of [
      ['gzip', 'gzip', ['-c']],
      ['bzip2', 'bzip2', ['-c']],
      ['xz', 'xz', ['-c', '--check=crc32']],
      ['lzma', 'xz', ['-c', '--format=lzma']],
      ['lzo', 'lzop', ['-c']],
      ['lz4', 'lz4', ['-c', '-l']],
      ['zstd', 'zstd', ['-c']],
    ] as const) {
      // A build of the library may lack some of them: Debian 12's has neither bzip2 nor lzo.
      if (lacks(name) || tool(command, `apt-get install ${command}`) !== null) continue;
      const packed = filter(command, ['-q', ...args], elf);
      kernels.set(name, makeBzImage(packed, elf.length, { appendSize: name !== 'gzip' }));
      kernels.set(`${name}, the whole file`, packed);
    }
    await compare(kernels);
  });

  it('takes the same of kernels with notes left out, changed and repeated', async () => {
    const random = new Random(seed());
    const kernels = new Map<string, Uint8Array>();
    const values: readonly NoteSpec[] = [
      { type: NOTE.GUEST_OS, value: 'NetBSD' },
      { type: NOTE.XEN_VERSION, value: 'xen-3.1' },
      { type: NOTE.LOADER, value: 'other' },
      { type: NOTE.VIRT_BASE, value: 0n },
      { type: NOTE.ENTRY, value: 0n },
      { type: NOTE.PADDR_OFFSET, value: 0x1000n },
      { type: NOTE.PAE, value: 'no' },
      { type: NOTE.PAE, value: 'yes,bimodal' },
      { type: NOTE.FEATURES, value: '!unknown_feature' },
      { type: NOTE.FEATURES, value: '!auto_translated_physmap' },
      { type: NOTE.FEATURES, value: '!supervisor_mode_kernel|writable_page_tables' },
      { type: NOTE.INIT_P2M, value: 0xffffffff81000000n },
      { type: NOTE.PHYS32, value: 0n },
      { type: NOTE.PHYS32, value: 0xffffffffn },
      { type: 99, value: 'unknown' },
    ];
    for (let n = 0; n < 2000; n++) {
      const notes = LINUX_NOTES.filter(() => random.next(12) > 0);
      for (let more = random.next(3); more > 0; more--) notes.splice(random.next(notes.length + 1), 0, random.pick(values));
      const place = random.pick(['segment', 'section'] as const);
      kernels.set(
        `seed ${seed()}, number ${n}: ${place} ${notes.map(({ type, value }) => `${type}=${value}`).join(' ')}`,
        makeElf({ notes, place }),
      );
    }
    await compare(kernels);
  });

  it('takes the same of kernels with a __xen_guest section', async () => {
    const random = new Random(seed());
    const parts = [
      'LOADER=generic',
      'GUEST_OS=linux',
      'XEN_VER=xen-3.0',
      'VIRT_BASE=0x1000',
      'VIRT_ENTRY=0x1000180',
      'ELF_PADDR_OFFSET=0x1000',
    ];
    const rest = [
      'GUEST_OS=plan9',
      'XEN_VER=xen-2.0',
      'PAE=yes',
      'FEATURES=!dom1',
      'FEATURES=writable_page_tables|!dom',
      'BSD_SYMTAB',
      'HYPERCALL_PAGE=2',
    ];
    const kernels = new Map<string, Uint8Array>();
    for (let n = 0; n < 500; n++) {
      const guest = parts.filter(() => random.next(4) > 0);
      if (random.next(2) === 0) guest.splice(random.next(guest.length + 1), 0, random.pick(rest));
      kernels.set(`seed ${seed()}, number ${n}: ${guest.join(',')}`, makeElf({ place: { guest: guest.join(',') } }));
    }
    await compare(kernels);
  });
});
