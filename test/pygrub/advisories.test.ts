/** One test for each advisory about pygrub, and for what a replacement of it must withstand. */
import { existsSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random, seed } from '../support/mutation.js';
import { onPty } from '../support/pty.js';
import { root, skip, tool } from '../support/requirements.js';
import { copyOf, ext4, GUEST, LAUNCHER, runPygrub, scratch, settled, type Tree, UID } from './images.js';

const config = (text: string, more: Tree = {}): Tree => ({ ...GUEST, ...more, '/boot/grub/grub.cfg': text });
const one = (line: string): string => `menuentry 'x' {\n ${line}\n}\n`;
const RUNAS = `--runas=${UID}`;

describe.skipIf(skip('advisories', root(), tool('mke2fs', 'apt-get install e2fsprogs')))('advisories', () => {
  let image = '';
  beforeAll(() => {
    image = ext4(GUEST);
  });

  it('CVE-2007-4993: values of a config are values, whatever they say', () => {
    const mark = scratch('executed');
    for (const evil of [
      `"+str(0*os.system("touch ${mark}"))+"`,
      `$(touch ${mark})`,
      `\`touch ${mark}\``,
      '__proto__',
      'constructor',
      'hasOwnProperty',
      'toString',
    ]) {
      const text = `set default='${evil}'\nset ${evil.replace(/\W/g, '_')}='${evil}'\n${one(`linux /boot/vmlinuz a='${evil}'`)}`;
      const run = runPygrub(LAUNCHER, ['-q', '--output-format=simple'], ext4(config(text)));
      expect([evil, run.status]).toEqual([evil, 0]);
      expect(run.stdout).toContain('a=');
      const legacy = ext4({
        '/boot/vmlinuz': 'k',
        '/boot/grub/menu.lst': `default ${evil}\n${evil} ${evil}\ntitle ${evil}\nkernel /boot/vmlinuz ${evil}\n`,
      });
      expect(runPygrub(LAUNCHER, ['-q'], legacy).status).not.toBeNull();
    }
    expect(existsSync(mark)).toBe(false);
  });

  it.skipIf(skip('passwords at the menu', tool('python3', 'apt-get install python3')))(
    'CVE-2009-3525: a password of the menu locks editing and the command line',
    async () => {
      const text = `set superusers="root"\npassword root geheim\nset timeout=30\n${one('linux /boot/vmlinuz ro')}`;
      const disk = ext4(config(text));
      const out = scratch('.');
      for (const key of ['e', 'a', 'c']) {
        const { outputs } = await onPty(
          [LAUNCHER, `--output-directory=${out}`, '--output=/dev/null', disk],
          [
            { until: 'Boots the default', quiet: 0.3 },
            { send: key, until: 'User name', quiet: 0.3 },
            { send: 'root\rwrong\r', until: 'Wrong name or password', quiet: 0.3 },
            { send: `${key}root\rgeheim\r`, until: key === 'c' ? 'Command line' : 'x', quiet: 0.5 },
            { send: '\x1b', quiet: 0.5 },
            { send: 'qy', quiet: 0.3 },
          ],
          { env: { TERM: 'vt100' }, timeout: 40 },
        );
        expect(outputs[2]).not.toContain('vmlinuz ro');
        expect(outputs[3]).toMatch({ e: /Commands of/, a: /Arguments of/, c: /Command line/ }[key] ?? /./);
      }
    },
  );

  it('CVE-2012-2625: a kernel of 20 GiB is refused by its size before anything is written, in bounded memory', () => {
    const disk = ext4(config(one('linux /boot/huge'), { '/boot/huge': 20 * 1024 ** 3 }), 64);
    for (const more of [[], [RUNAS]]) {
      const ours = runPygrub(LAUNCHER, ['-q', ...more], disk);
      expect([ours.status, ours.stdout, ours.left]).toEqual([1, '', {}]);
      expect(ours.stderr).toMatch(/RuntimeError: .*limit fileSize/);
    }
    const bigConfig = ext4(config(`# ${'x'.repeat(5 * 1024 * 1024)}\n${one('linux /boot/vmlinuz')}`), 32);
    expect(runPygrub(LAUNCHER, ['-q'], bigConfig).stderr).toMatch(/RuntimeError: .*configSize/);
  });

  it.skipIf(skip('peak memory of a run', tool('python3', 'apt-get install python3')))(
    'CVE-2012-2625: to refuse 20 GiB takes no more memory than to hand out a few bytes',
    () => {
      const huge = ext4(config(one('linux /boot/huge\n initrd /boot/huge'), { '/boot/huge': 20 * 1024 ** 3 }), 64);
      // The largest resident set of the program and of all that it started.
      const script =
        'import resource,subprocess,sys;r=subprocess.run(sys.argv[2:]);' +
        'open(sys.argv[1],"w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss));sys.exit(r.returncode)';
      const peak = (args: readonly string[], disk: string, status: number): number => {
        const file = scratch('peak');
        const run = runPygrub(LAUNCHER, ['-q', ...args], disk, { prefix: ['python3', '-c', script, file] });
        expect(run.status, run.stderr).toBe(status);
        return Number(readFileSync(file, 'utf8')) / 1024;
      };
      for (const more of [[], [RUNAS]]) {
        const small = peak(more, image, 0);
        const refused = peak(more, huge, 1);
        expect(small).toBeGreaterThan(20);
        expect(refused).toBeLessThan(small + 16);
      }
    },
  );

  it('XSA-160: failing runs, however many, leave no file', () => {
    const disk = ext4(config(one('linux /boot/nothing')));
    for (let i = 0; i < 100; i++) {
      const run = runPygrub(LAUNCHER, ['-q', ...(i % 10 === 0 ? [RUNAS] : [])], disk);
      expect([run.status, run.left]).toEqual([1, {}]);
    }
  });

  it('XSA-198: delimiters in values reach no result as delimiters', () => {
    const sxp = runPygrub(LAUNCHER, ['-q'], ext4(config(one(`linux /boot/vmlinuz 'x")(ramdisk "/etc/shadow'`))));
    expect(settled(sxp)).toMatch(/^linux \(kernel '[^']*'\)\(args '(?:[^'\\]|\\.)*'\)$/);
    for (const value of ['\n', '\r', '\0']) {
      const disk = ext4(config(one(`linux /boot/vmlinuz "a${value}ramdisk /etc/shadow"`)));
      for (const format of ['sxp', 'simple', 'simple0']) {
        const run = runPygrub(LAUNCHER, ['-q', `--output-format=${format}`], disk);
        // GRUB ends a word at NUL; then nothing of it is left.
        if (run.status === 0) expect(run.stdout.split(/[\n\r\0]/)).not.toContain('ramdisk /etc/shadow');
        else expect([run.status, run.stdout, run.left]).toEqual([1, '', {}]);
      }
    }
  });

  it('XSA-443, XSA-508: damaged filesystems end in an answer or one error line, without rights', () => {
    const random = new Random(seed());
    const size = statSync(image).size;
    for (let i = 0; i < 12; i++) {
      const damaged = copyOf(image, `damaged${i}`);
      const fd = openSync(damaged, 'r+');
      for (let k = 0; k < 200; k++)
        writeSync(fd, Buffer.from([random.next(256)]), 0, 1, random.next(4) === 0 ? random.next(size) : random.next(200_000));
      const run = runPygrub(LAUNCHER, ['-q', RUNAS], damaged, { prefix: ['timeout', '-k', '1', '100'] });
      expect([0, 1], `seed ${seed()}, image ${i}: ${run.stderr}`).toContain(run.status);
      if (run.status === 1) {
        expect(run.stderr).toMatch(/^RuntimeError: [^\n]*\n$/);
        expect(run.stderr).not.toContain('internal error');
        expect(run.left).toEqual({});
      }
    }
  });

  it('XSA-497: a loop of symbolic links and a config that includes itself end', () => {
    const disk = ext4(config(`source /boot/grub/grub.cfg\nconfigfile /boot/grub/grub.cfg\n`));
    const run = runPygrub(LAUNCHER, ['-q'], disk, { prefix: ['timeout', '60'] });
    expect([run.status, run.left]).toEqual([1, {}]);
  });

  it('terminal escapes in titles and in errors are shown, not sent', () => {
    const disk = ext4(config(`menuentry 'a\x1b]0;evil\x07\x9b' {\n linux /boot/vmlinuz\n}\nmenuentry 'b' {\n linux '/boot/\x1b[2Jx'\n}\n`));
    const list = runPygrub(LAUNCHER, ['-l'], disk);
    expect(list.status).toBe(0);
    expect(list.stdout).toContain('\\x1b');
    const error = runPygrub(LAUNCHER, ['-q', '--entry=1'], disk);
    for (const text of [list.stdout, error.stdout, error.stderr]) expect(/[\x00-\x09\x0b-\x1f\x7f]/.test(text)).toBe(false);
  });
});
