import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPe, readUki, sectionSource } from '../../../src/boot/uki/index.js';
import { DEFAULT_LIMITS, withLimits } from '../../../src/limits.js';
import { MemorySource } from '../../../src/source/memory.js';
import { memoryGuest } from '../../support/directory-filesystem.js';
import { skip, tool } from '../../support/requirements.js';
import { defaultOf, menuOf, readConfig, summary } from '../support/read-config.js';
import { makePe, makeUki } from '../support/uki.js';

const PATH = '/EFI/BOOT/BOOTX64.EFI';
const STUB = '/usr/lib/systemd/boot/efi/linuxx64.efi.stub';

async function text(file: { open(): Promise<{ size: number; read(at: number, n: number): Promise<Uint8Array> }> } | null | undefined) {
  if (file == null) return null;
  const source = await file.open();
  return new TextDecoder().decode(await source.read(0, source.size));
}

describe('a unified kernel image', () => {
  it('boots as kernel, microcode, initrd and arguments', async () => {
    const menu = await menuOf('uki', PATH, { [PATH]: makeUki() });
    const entry = defaultOf(menu);
    expect(summary(entry)).toBe(`whole:${PATH} [${PATH}#.ucode ${PATH}#.initrd] root=/dev/vda2 ro`);
    expect(entry?.title).toBe('Test OS');
    expect([entry?.kernel?.part, entry?.kernel?.size]).toEqual(['.linux', 10]);
    expect(await text(entry?.kernel)).toBe('the kernel');
    expect(await text(entry?.initrds[1])).toBe('the initrd');
  });

  it('offers each of its profiles, with the common sections where it has none of its own', async () => {
    const image = makePe([
      ['.osrel', 'NAME=Base\n'],
      ['.linux', 'kernel'],
      ['.cmdline', 'base'],
      ['.profile', 'ID=main\nTITLE=Normal\n'],
      ['.profile', 'ID=reset\nTITLE="Factory reset"\n'],
      ['.cmdline', 'reset'],
      ['.initrd', 'other'],
    ]);
    const menu = await menuOf('uki', PATH, { [PATH]: image });
    expect(menu.entries.map((entry) => [entry.id, entry.title, summary(entry)])).toEqual([
      ['BOOTX64.EFI', 'Base (Normal)', `whole:${PATH} [] base`],
      ['BOOTX64.EFI@1', 'Base (Factory reset)', `whole:${PATH} [${PATH}#.initrd] reset`],
    ]);
    expect(menu.entries[1]?.commands).toBe(`uki ${PATH}\nprofile 1\noptions reset`);
    const edited = await menu.run(`uki ${PATH}\nprofile 1\noptions mine`, menu.entries[1] ?? null);
    expect(summary(edited)).toBe(`whole:${PATH} [${PATH}#.initrd] mine`);
  });

  it('takes its add-ons along, those of all images first', async () => {
    const addon = (line: string) => makePe([['.cmdline', line]]);
    const menu = await menuOf('uki', PATH, {
      [PATH]: makeUki({ cmdline: 'ro' }),
      [`${PATH}.extra.d/b.addon.efi`]: addon('b=1'),
      [`${PATH}.extra.d/a.addon.efi`]: addon('a=1'),
      [`${PATH}.extra.d/other.txt`]: 'no',
      '/loader/addons/z.addon.efi': addon('all=1'),
    });
    expect(defaultOf(menu)?.args).toBe('ro all=1 a=1 b=1');
  });

  it('is told from other EFI programs', async () => {
    const guest = memoryGuest([[{ name: 'gpt1', type: 'vfat', files: { [PATH]: makePe([['.text', 'loader']]) } }]]);
    await expect(readConfig(guest, 'uki', PATH)).rejects.toMatchObject({ code: 'uki.not-unified' });
    expect(await readPe(new MemorySource(new TextEncoder().encode('MZ')), DEFAULT_LIMITS)).toBeNull();
    expect(await readPe(new MemorySource(new Uint8Array(4096)), DEFAULT_LIMITS)).toBeNull();
  });

  it('refuses a section table that is cut off, a section outside of the file, too many sections', async () => {
    const image = makeUki();
    const cut = image.slice(0, 200);
    await expect(readPe(new MemorySource(cut), DEFAULT_LIMITS)).rejects.toMatchObject({ code: 'pe.truncated-section-table' });
    await expect(readUki(new MemorySource(image), withLimits({ peSections: 3 }))).rejects.toMatchObject({ code: 'limit.peSections' });
    const short = image.slice(0, image.length - 600);
    const linux = (await readPe(new MemorySource(short), DEFAULT_LIMITS))?.sections.find((section) => section.name === '.initrd');
    if (linux === undefined) throw new Error('no section');
    expect(() => sectionSource(new MemorySource(short), linux)).toThrow(/ends past the file/);
  });

  const missing = existsSync(STUB) ? null : `${STUB} is not there (apt-get install systemd-boot-efi)`;
  it.skipIf(skip('UKIs by objcopy', tool('objcopy', 'apt-get install binutils'), missing))(
    "is read as binutils made it from systemd's stub",
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'tygrub-uki-'));
      try {
        const sections = {
          '.osrel': 'ID=x\nNAME=X\n',
          '.cmdline': 'root=LABEL=x quiet',
          '.linux': 'K'.repeat(20001),
          '.initrd': 'I'.repeat(777),
        };
        const args: string[] = [];
        let address = 0x1000000;
        for (const [name, content] of Object.entries(sections)) {
          writeFileSync(join(folder, name), content);
          args.push('--add-section', `${name}=${join(folder, name)}`, '--change-section-vma', `${name}=0x${address.toString(16)}`);
          address += 0x1000000;
        }
        const made = spawnSync('objcopy', [...args, STUB, join(folder, 'uki.efi')], { encoding: 'utf8' });
        expect(made.stderr).toBe('');
        const menu = await menuOf('uki', PATH, { [PATH]: new Uint8Array(readFileSync(join(folder, 'uki.efi'))) });
        const entry = defaultOf(menu);
        expect([entry?.title, entry?.args]).toEqual(['X', 'root=LABEL=x quiet']);
        expect(await text(entry?.kernel)).toBe(sections['.linux']);
        expect(await text(entry?.initrds[0])).toBe(sections['.initrd']);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
});
