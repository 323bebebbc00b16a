/** Damaged scripts, environment blocks and entry files: an answer or a TygrubError, within the bounds, and nothing else. */
import { describe, expect, it } from 'vitest';
import { GuestFiles } from '../../../src/boot/dialect.js';
import { parseBlsFile } from '../../../src/boot/grub2/bls/entry-file.js';
import { parseEnvironmentBlock } from '../../../src/boot/grub2/grubenv.js';
import { GRUB2 } from '../../../src/boot/grub2/index.js';
import { PatternError, RegularExpression } from '../../../src/boot/grub2/regular-expression.js';
import { encodeUtf8 } from '../../../src/bytes/text.js';
import { TygrubError } from '../../../src/errors.js';
import { withLimits } from '../../../src/limits.js';
import { memoryGuest } from '../../support/directory-filesystem.js';
import { damage, mutations, Random, seed } from '../../support/mutation.js';
import { ScriptGenerator } from './script-generator.js';

/** Small bounds, so that a script that runs wild ends soon. */
const LIMITS = withLimits({
  scriptSteps: 5000,
  expansionSize: 200_000,
  menuEntries: 64,
  includes: 16,
  scriptNesting: 32,
  configSize: 65536,
});

const PIECES = [
  'menuentry "a" --id a { linux /vmlinuz root=$root; initrd /initrd }\n',
  'submenu s { menuentry "b" { linux /vmlinuz } }\n',
  'configfile /boot/grub/grub.cfg\n',
  'source /boot/grub/grub.cfg\n',
  'function f { f; }\nf\n',
  'while true; do true; done\n',
  'until false; do set x="$x$x$x"; done\n',
  'set x=aaaaaaaaaaaaaaaa\nset x="$x$x$x$x$x$x$x$x"\n',
  'for i in /* /*/* (*)/*; do echo "$i"; done\n',
  'search --fs-uuid --set=root aaaa-bbbb\n',
  'load_env\nset default="$saved_entry"\n',
  'blscfg\n',
  'eval "eval eval eval $x"\n',
  'regexp -s x \'(a*)*(b|c)*$\' "$x"\n',
  'extract_entries_source /boot/grub/grub.cfg\n',
  'legacy_configfile /boot/grub/menu.lst\n',
  '{ { { {\n',
  'if if if then fi\n',
  'menuentry x { menuentry y { menuentry z { configfile /boot/grub/grub.cfg } } }\n',
  'export x; save_env x; load_env -f (hd0)0+1\n',
  'initrd newc:a:/initrd (hd9)/x (\n',
  "test '(' '(' '(' '(' a\n",
];

const BLS = 'title Fedora\nversion 6.1\nlinux /vmlinuz\ninitrd /initrd\noptions $kernelopts $x 3\ngrub_users $u\ngrub_arg --x\n';
const ENVIRONMENT = '# GRUB Environment Block\nsaved_entry=a\nkernelopts=root=/dev/sda ro\nx=\\\\y\n####\n';

async function read(files: Record<string, string | Uint8Array>, flavour: 'upstream' | 'redhat'): Promise<void> {
  const guest = memoryGuest([[{ name: 'msdos1', files, uuid: 'aaaa-bbbb', label: 'root' }]], [], LIMITS);
  const [volume] = guest.volumes;
  if (volume === undefined) throw new Error('no volume');
  try {
    const menu = await GRUB2.read({ volume, path: '/boot/grub/grub.cfg' }, new GuestFiles(guest, LIMITS), { grubFlavour: flavour });
    expect(menu.entries.length).toBeLessThanOrEqual(LIMITS.menuEntries);
    if (menu.default !== null) expect(menu.entries[menu.default]?.index).toBe(menu.default);
    expect(menu.warnings.length).toBeLessThanOrEqual(LIMITS.configWarnings + 1);
    for (const entry of menu.entries.slice(0, 2)) await menu.run(entry.commands, entry);
  } catch (error) {
    if (!(error instanceof TygrubError)) throw error;
    expect(error.code).toMatch(/^[a-z0-9]+[.][A-Za-z-]+$/);
  }
}

describe('a damaged boot script', () => {
  it('is read within its bounds', async () => {
    const first = seed();
    for (let i = 0; i < mutations(8000); i++) {
      const random = new Random(first + i);
      let script = random.next(3) === 0 ? new ScriptGenerator(random).script() : '';
      for (let n = 1 + random.next(6); n > 0; n--) script += random.pick(PIECES);
      const bytes = encodeUtf8(script);
      const notes = random.next(4) === 0 ? 'whole' : damage(bytes, random).description;
      const environment = encodeUtf8(ENVIRONMENT);
      if (random.next(2) === 0) damage(environment, random);
      const entry = encodeUtf8(BLS);
      if (random.next(2) === 0) damage(entry, random);
      const files = {
        '/boot/grub/grub.cfg': bytes,
        '/boot/grub/grubenv': environment,
        '/boot/grub/menu.lst': bytes,
        '/loader/entries/a-1.2-3.conf': entry,
        '/loader/entries/b.conf': BLS,
        '/vmlinuz': 'kernel',
        '/initrd': 'initrd',
      };
      try {
        await read(files, random.next(2) === 0 ? 'upstream' : 'redhat');
      } catch (error) {
        throw new Error(`seed ${first + i} (${notes})`, { cause: error });
      }
    }
  });

  it('cannot hide an environment block, an entry file or a pattern that is damaged', () => {
    const first = seed();
    const patterns = ['^([a-z]+)-([0-9.]+)*', '((a|b){2,3}[[:alpha:]x-z]?)+$', '[^]]*\\w(|x)'];
    for (let i = 0; i < mutations(12_000); i++) {
      const random = new Random(first + i);
      const environment = encodeUtf8(ENVIRONMENT);
      const entry = encodeUtf8(BLS);
      const pattern = encodeUtf8(random.pick(patterns));
      const notes = [environment, entry, pattern].map((bytes) => damage(bytes, random).description).join(', ');
      try {
        expect(parseBlsFile('x', entry, random.next(2) === 0 ? 'upstream' : 'redhat').fields.length).toBeLessThanOrEqual(8 + entry.length);
        try {
          expect(parseEnvironmentBlock(environment, 1024).size).toBeLessThan(100);
        } catch (error) {
          if (!(error instanceof TygrubError)) throw error;
        }
        try {
          const expression = new RegularExpression(String.fromCharCode(...pattern), 2000, 32);
          expression.search('abcabc-1.2.3zz'.repeat(4));
        } catch (error) {
          if (!(error instanceof PatternError)) throw error;
        }
      } catch (error) {
        throw new Error(`seed ${first + i} (${notes})`, { cause: error });
      }
    }
  });
});

describe('a script that wants too much', () => {
  const files = (script: string) => ({ '/boot/grub/grub.cfg': script, '/vmlinuz': 'kernel' });
  const menuOf = async (script: string) => {
    const guest = memoryGuest([[{ name: 'msdos1', files: files(script) }]], [], LIMITS);
    const [volume] = guest.volumes;
    if (volume === undefined) throw new Error('no volume');
    return GRUB2.read({ volume, path: '/boot/grub/grub.cfg' }, new GuestFiles(guest, LIMITS), {});
  };

  it.each([
    ['scriptSteps', 'while true; do true; done'],
    [
      'scriptSteps',
      'for a in 1 2 3 4 5 6 7 8 9; do for b in 1 2 3 4 5 6 7 8 9; do for c in 1 2 3 4 5 6 7 8 9; do for d in 1 2 3 4 5 6 7 8 9; do true; done; done; done; done',
    ],
    ['expansionSize', 'set x=aaaaaaaaaaaaaaaa\nwhile true; do set x="$x$x"; done'],
    ['scriptNesting', `${'if true; then '.repeat(100)}true; ${'fi; '.repeat(100)}`],
    ['menuEntries', 'while true; do menuentry x { true; }; done'],
    ['includes', 'while true; do source /boot/grub/other.cfg; source /vmlinuz; done'],
  ])('reaches the bound %s', async (limit, script) => {
    await expect(menuOf(script)).rejects.toMatchObject({ kind: 'limit', code: `limit.${limit}` });
  });

  it('loses only the entry that wants it', async () => {
    const menu = await menuOf('menuentry endless { while true; do true; done }\nmenuentry good { linux /vmlinuz }\nset default=1\n');
    expect(menu.entries.map((entry) => entry.problem?.code ?? null)).toEqual(['limit.scriptSteps', null]);
    expect(menu.default).toBe(1);
  });

  it('cannot nest menus without end', async () => {
    const menu = await menuOf(
      'menuentry again { configfile /boot/grub/grub.cfg }\nmenuentry twice { configfile /boot/grub/grub.cfg }\nmenuentry good { linux /vmlinuz }\n',
    );
    expect(menu.entries.map((entry) => entry.title)).toEqual(['again', 'twice', 'good']);
  });
});
