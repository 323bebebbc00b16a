/** What pygrub does in corners that no list of changes names: it stays, and the real pygrub says what it is. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { mutations, Random, seed } from '../support/mutation.js';
import { root, skip, tool } from '../support/requirements.js';
import { ext4, GUEST, LAUNCHER, PYGRUB, type PygrubRun, realPygrub, runPygrub, scratch, settled, type Tree } from './images.js';

const config = (text: string, more: Tree = {}): Tree => ({ ...GUEST, ...more, '/boot/grub/grub.cfg': text });
const missing = skip('what pygrub does in corners', root(), realPygrub(), tool('mke2fs', 'apt-get install e2fsprogs'));

const BRANCHES = `set x=1
if [ "$x" = 2 ]; then
menuentry 'Not shown' --class a {
	linux /boot/vmlinuz not-shown
}
fi
submenu 'More' {
menuentry 'Below' --class a {
	linux /boot/vmlinuz below
	initrd /boot/initrd
}
}
menuentry 'Same' --class a {
	linux /boot/vmlinuz same1
}
menuentry 'Same' --class a {
	linux /boot/vmlinuz same2
}
`;

describe.skipIf(missing)('as in pygrub', () => {
  const images = new Map<string, string>();
  beforeAll(() => {
    images.set('grub2', ext4(GUEST));
    images.set('branches', ext4(config(BRANCHES)));
    images.set('netware', ext4({ ...GUEST, '/nwserver/xnloader.sys': 'loader' }));
    const files = { '/boot/vmlinuz': 'kernel', '/boot/initrd': 'initrd' };
    const syslinux =
      'default gone\nlabel one\n kernel /boot/vmlinuz\n append initrd=/boot/initrd\nlabel two\n kernel /boot/vmlinuz\n append ro\n';
    images.set('syslinux', ext4({ ...files, '/extlinux.conf': syslinux }));
    const legacy = 'title A\nrootnoverify (hd0,1)\nkernel /boot/vmlinuz a\ninitrd /boot/initrd\n';
    images.set('legacy', ext4({ ...files, '/boot/grub/menu.lst': legacy }));
    images.set('nothing', ext4({ '/etc/hostname': 'x' }));
  });
  const both = (name: string, args: readonly string[]): [theirs: PygrubRun, ours: PygrubRun] => {
    const image = images.get(name) ?? '';
    return [runPygrub(PYGRUB, args, image), runPygrub(LAUNCHER, args, image)];
  };
  const same = (name: string, args: readonly string[], status: 0 | 1 = 0): PygrubRun => {
    const [theirs, ours] = both(name, args);
    expect(theirs.status).toBe(status);
    expect({ status: ours.status, stdout: settled(ours) }).toEqual({ status, stdout: settled(theirs) });
    expect(ours.left).toEqual(status === 0 ? theirs.left : {});
    return ours;
  };

  it('a wrong value fails although a right one follows, and --help ends what comes before a wrong one', () => {
    same('grub2', ['-q', '--output-format=foo', '--output-format=simple'], 1);
    same('grub2', ['-q', '--runas=x', '--runas=0'], 1);
    same('grub2', ['-q', '--output-directory=/nowhere', '--output-directory=OUT'], 1);
    same('grub2', ['-q', '--runas=1', '--offset=1k', '--runas=x'], 1);
    for (const args of [
      ['--help', '--runas=x'],
      ['--runas=x', '--help'],
    ]) {
      const [theirs, ours] = [PYGRUB, LAUNCHER].map((program) => spawnSync(program, [...args, 'x'], { encoding: 'utf8' }));
      expect([args, ours?.status, ours?.stdout]).toEqual([args, theirs?.status, theirs?.stdout]);
    }
  });

  it('numbers are what Python takes for some', () => {
    for (const offset of [' 0', '+0', '0_0', '-0']) same('grub2', ['-q', `--offset=${offset}`]);
    for (const offset of ['', '0x0', '0L', '1e3', '_0', '-1', '99999999999999999999']) same('grub2', ['-q', `--offset=${offset}`], 1);
    for (const entry of [' 1 ', '+1', '01', '0_1']) same('grub2', ['-q', `--entry=${entry}`]);
  });

  it('an empty kernel is none, an empty ramdisk too, and the first of several entries with a title is meant', () => {
    same('grub2', ['-q', '--kernel=', '--output-format=simple']);
    same('grub2', ['-q', '--kernel=/boot/vmlinuz', '--ramdisk=']);
    expect(same('branches', ['-q', '--entry=Same']).stdout).toContain('same1');
  });

  it('NetWare comes before a boot config', () => {
    const run = same('netware', ['-q', '--args=a', '--ramdisk=/boot/initrd']);
    expect(run.left).toMatchObject({ boot_kernel: 'loader', boot_ramdisk: GUEST['/boot/initrd'] });
    expect(same('netware', ['-q', '--kernel=/boot/vmlinuz']).left['boot_kernel']).toBe(GUEST['/boot/vmlinuz']);
  });

  it('--output=- takes no file back, and -n writes into the file as well', () => {
    for (const more of [['--output=-'], ['-n']]) {
      const written = [PYGRUB, LAUNCHER].map((program, i) => {
        const file = scratch(`kept-output${i}`);
        writeFileSync(file, '');
        const run = runPygrub(program, ['-q', `--output=${file}`, '--output-format=simple', ...more], images.get('grub2') ?? '');
        expect([run.status, run.stdout]).toEqual([0, '']);
        return settled({ ...run, stdout: readFileSync(file, 'utf8') });
      });
      if (more[0] === '-n') expect(written[1]).toMatch(/^kernel <kernel:\/boot\/vmlinuz>\n/);
      else expect(written[1]).toBe(written[0]);
    }
  });

  it('what was in --output stays when there is no result, and a file that was made for it goes', () => {
    const old = scratch('kept-old');
    writeFileSync(old, 'old');
    for (const more of [[], ['--runas=4242']]) {
      expect(runPygrub(LAUNCHER, ['-q', ...more, `--output=${old}`], images.get('nothing') ?? '').status).toBe(1);
      expect(readFileSync(old, 'utf8')).toBe('old');
      const fresh = scratch('kept-fresh');
      expect(runPygrub(LAUNCHER, ['-q', ...more, `--output=${fresh}`], images.get('nothing') ?? '').status).toBe(1);
      expect(existsSync(fresh)).toBe(false);
      const near = relative(process.cwd(), fresh);
      expect(runPygrub(LAUNCHER, ['-q', '-n', ...more, `--output=${near}`], images.get('nothing') ?? '').status).toBe(1);
      expect(existsSync(fresh)).toBe(false);
    }
  });

  it('--offset looks at one filesystem, whatever the partition table says', () => {
    const inner = readFileSync(images.get('grub2') ?? '');
    const disk = Buffer.alloc(inner.length + 1048576);
    inner.copy(disk, 1048576);
    disk.set([0, 0, 2, 0, 0x83, 0, 0, 0, 0, 8, 0, 0, 0, 64, 0, 0], 446);
    disk.set([0x55, 0xaa], 510);
    const path = scratch('kept-disk');
    writeFileSync(path, disk);
    images.set('disk', path);
    same('disk', ['-q']);
    same('disk', ['-q', '--offset=1048576']);
    same('disk', ['-q', '--offset=0'], 1);
    expect(both('disk', ['-l', '--offset=0']).map(({ status, stdout }) => [status, stdout])).toEqual([
      [0, ''],
      [0, ''],
    ]);
  });

  it('-l has an empty root for syslinux, and the root of rootnoverify', () => {
    const [theirs, ours] = both('syslinux', ['-l']);
    expect(ours.stdout.slice(0, theirs.stdout.length)).toBe(theirs.stdout);
    expect(theirs.stdout).toContain('  root: \n');
    expect(both('legacy', ['-l']).map((run) => run.stdout)).toEqual([
      expect.stringContaining('root: d0p1\n'),
      expect.stringContaining('root: d0p1\n'),
    ]);
    same('legacy', ['-q']);
    expect(both('nothing', ['-l']).map(({ status, stdout }) => [status, stdout])).toEqual([
      [0, ''],
      [0, ''],
    ]);
    expect(both('grub2', ['-l', '--kernel=/boot/vmlinuz']).map(({ status, stdout }) => [status, stdout])).toEqual([
      [0, ''],
      [0, ''],
    ]);
  });

  it('a default that names nothing means the first entry', () => {
    same('syslinux', ['-q', '--output-format=simple']);
  });

  it('--isconfig without -q wants a terminal', () => {
    const file = scratch('kept.cfg');
    writeFileSync(file, BRANCHES);
    images.set('file', file);
    same('file', ['--isconfig'], 1);
  });

  it('--pygrub-compat: entries have the numbers that pygrub gives them', () => {
    const pygrubs = [0, 1, 2, 3].map((number) => runPygrub(PYGRUB, ['-q', `--entry=${number}`], images.get('branches') ?? ''));
    const ours = [0, 1, 2, 3].map((number) =>
      runPygrub(LAUNCHER, ['-q', '--pygrub-compat', `--entry=${number}`], images.get('branches') ?? ''),
    );
    expect(ours.map(settled)).toEqual(pygrubs.map(settled));
    expect(ours.map(settled).map((text) => /args '(.*?)'/.exec(text)?.[1])).toEqual(['not-shown', 'below', 'same1', 'same2']);
    // GRUB's menu has no entry in the branch that is not taken.
    expect(runPygrub(LAUNCHER, ['-q', '--entry=0'], images.get('branches') ?? '').stdout).toContain('below');
    const list = runPygrub(LAUNCHER, ['-l', '--pygrub-compat'], images.get('branches') ?? '').stdout;
    expect(list.match(/^title: .*/gm)).toEqual(['title: Not shown', 'title: Below', 'title: Same', 'title: Same']);
  });

  it('random arguments have the same status, output and files', () => {
    const random = new Random(seed());
    const values: readonly (readonly [name: string, values: readonly string[]])[] = [
      ['entry', ['0', '1', '2', 'One', 'Two', '+0']],
      ['output-format', ['sxp', 'simple', 'simple0', 'simple', 'simple0', 'SXP']],
      ['args', ['a', 'b c', '', "it's", 'q"uo', 'é ☃', '\\', '\u00a0', '😀', '-x', '--', '=']],
      ['kernel', ['/boot/vmlinuz', '/nope', '']],
      ['ramdisk', ['/boot/initrd', '/nope', '']],
      ['offset', ['0', '512', '0x10', ' 0', '', '1M']],
      ['runas', ['0', 'root', '']],
      ['output', ['-']],
      ['output-directory', ['/nowhere', '']],
    ];
    const plain = ['-q', '-qi', '-iq', '--quiet', '-h', '--help', '-z', '-', '--=', '--foo', '--debug', '--o', '--li=1', 'another'];
    for (let i = 0; i < mutations(16); i++) {
      const args = ['-q'];
      for (let k = random.next(4); k >= 0; k--) {
        if (random.next(3) === 0) args.push(random.pick(plain));
        else {
          const [name, some] = random.pick(values);
          // Shortened, at times to what fits several options.
          const short = random.next(3) === 0 ? name.slice(0, 1 + random.next(name.length)) : name;
          if (random.next(2) === 0) args.push(`--${short}=${random.pick(some)}`);
          else args.push(`--${short}`, random.pick(some));
        }
      }
      args.push('-q');
      const [theirs, ours] = both('grub2', args);
      const what = `seed ${seed()}, run ${i}: ${JSON.stringify(args)}: ${ours.stderr}`;
      expect([ours.status, settled(ours)], what).toEqual([theirs.status, settled(theirs)]);
      expect(ours.left, what).toEqual(theirs.status === 0 ? theirs.left : {});
      if (ours.status !== 0) expect(ours.stderr.trimEnd().split('\n').at(-1), what).toMatch(/^RuntimeError: ./);
    }
  });
});
