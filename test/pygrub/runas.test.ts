import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { mutations, Random, seed } from '../support/mutation.js';
import { ROOT } from '../support/program.js';
import { root, skip, tool } from '../support/requirements.js';
import { ext4, GUEST, LAUNCHER, runPygrub, scratch, settled, UID } from './images.js';

const missing = skip('runs without rights', root(), tool('mke2fs', 'apt-get install e2fsprogs'));
const RUNAS = `--runas=${UID}`;

/** Processes with a text in their arguments. */
function processesAbout(text: string): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'latin1').includes(text);
    } catch {
      return false; // it ended meanwhile
    }
  });
}

/** Whether kernel, ramdisk and the words about them are all there, and whole. */
function isComplete(out: string, ramdiskSize: number): boolean {
  const sizes = new Map(readdirSync(out).map((name) => [name.replace(/\..*/, ''), statSync(join(out, name)).size]));
  const words = sizes.get('result') ?? 0;
  return words > 0 && (sizes.get('boot_kernel') ?? 0) > 0 && sizes.get('boot_ramdisk') === ramdiskSize;
}

describe.skipIf(missing)('--runas', () => {
  let image = '';
  beforeAll(() => {
    image = ext4(GUEST);
    chmodSync(image, 0o600);
  });

  it('gives the same result as without it, from an image that the user cannot read', () => {
    const all = runPygrub(LAUNCHER, ['-q', '--output-format=simple0'], image);
    const few = runPygrub(LAUNCHER, ['-q', '--output-format=simple0', RUNAS], image);
    expect([few.status, settled(few), few.left]).toEqual([0, settled(all), all.left]);
    const none = runPygrub(LAUNCHER, ['-q', RUNAS, '--entry=2'], image);
    expect(Object.keys(none.left)).toEqual(['boot_kernel']);
  });

  it('leaves files that only root can read', () => {
    const { out } = runPygrub(LAUNCHER, ['-q', RUNAS], image);
    for (const name of readdirSync(out)) {
      const stat = statSync(join(out, name));
      expect([stat.uid, stat.mode & 0o777]).toEqual([0, 0o600]);
    }
  });

  it.skipIf(skip('what is opened after the rights are gone', tool('strace', 'apt-get install strace')))(
    'opens nothing of the host once the rights are gone, and has none left',
    () => {
      const trace = scratch('trace');
      const prefix = [
        'strace',
        '-f',
        '-o',
        trace,
        '-e',
        'trace=open,openat,openat2,execve,clone,clone3,fork,vfork,setuid,setgid,setgroups',
      ];
      const run = runPygrub(LAUNCHER, ['-q', RUNAS], image, { prefix });
      expect(run.status).toBe(0);
      const lines = readFileSync(trace, 'utf8').split('\n');
      const dropped = lines.findIndex((line) => line.includes('setuid(0)'));
      expect(lines.slice(0, dropped).join('\n')).toMatch(
        new RegExp(`setgroups\\(1, \\[${UID}\\]\\)[^]*setgid\\(${UID}[^]*setuid\\(${UID}`),
      );
      expect(lines[dropped]).toMatch(/EPERM|unfinished/);
      // The process looks at its own memory; a shell of root's that waited from before is all that still starts a program.
      const opened = lines
        .slice(dropped)
        .filter((line) => /open(at2?)?\(|execve\(|clone3?\(|v?fork\(/.test(line) && !line.includes('"/proc/self/'));
      expect(opened).toEqual([]);
    },
  );

  it('cannot open a file of root’s after that', () => {
    const secret = scratch('secret');
    writeFileSync(secret, 'x', { mode: 0o600 });
    const script = `
      const { openSync } = require('node:fs');
      process.setgroups([${UID}]); process.setgid(${UID}); process.setuid(${UID});
      try { openSync(${JSON.stringify(secret)}); console.log('opened'); } catch (e) { console.log(e.code); }
      try { process.setuid(0); console.log('root again'); } catch (e) { console.log(e.code); }`;
    expect(spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' }).stdout).toBe('EACCES\nEPERM\n');
  });

  it('honours PYGRUB_MAX_FILE_SIZE_MB and names it', () => {
    const big = ext4({ ...GUEST, '/boot/initrd': 2 * 1024 * 1024 });
    const refused = runPygrub(LAUNCHER, ['-q', RUNAS], big, { env: { PYGRUB_MAX_FILE_SIZE_MB: '1' } });
    expect([refused.status, refused.left]).toEqual([1, {}]);
    expect(refused.stderr).toMatch(/RuntimeError: .*PYGRUB_MAX_FILE_SIZE_MB/);
    expect(runPygrub(LAUNCHER, ['-q', RUNAS], big, { env: { PYGRUB_MAX_FILE_SIZE_MB: '3' } }).status).toBe(0);
    expect(runPygrub(LAUNCHER, ['-q', RUNAS], big, { env: { PYGRUB_MAX_FILE_SIZE_MB: 'many' } }).status).toBe(1);
    const huge = ext4({ ...GUEST, '/boot/initrd': 129 * 1024 * 1024 }, 32);
    expect(runPygrub(LAUNCHER, ['-q', RUNAS], huge).stderr).toMatch(/RuntimeError: .*PYGRUB_MAX_FILE_SIZE_MB/);
  });

  it('honours PYGRUB_MAX_RAM_USAGE_MB and names it', () => {
    const run = runPygrub(LAUNCHER, ['-q', RUNAS], image, { env: { PYGRUB_MAX_RAM_USAGE_MB: '10' } });
    expect([run.status, run.left]).toEqual([1, {}]);
    expect(run.stderr).toMatch(/RuntimeError: .*PYGRUB_MAX_RAM_USAGE_MB/);
  });

  it('says with --debug what protects it', () => {
    const { stderr } = runPygrub(LAUNCHER, ['-q', RUNAS, '--debug'], image);
    expect(stderr).toMatch(/prlimit/);
    expect(stderr).toMatch(/namespaces|unshare/);
    expect(stderr).toContain(`runs as user ${UID}, group ${UID}`);
    const bare = runPygrub(join(ROOT, 'dist/bin/tygrub-pygrub.cjs'), ['-q', RUNAS, '--debug'], image, {
      env: { PATH: '/nowhere' },
      prefix: [process.execPath],
    });
    expect([bare.status, bare.stderr.match(/own bounds hold/g)?.length]).toEqual([0, 2]);
  });

  it('leaves no file and no process when it is killed', async () => {
    // An initrd that takes a moment to copy.
    for (const more of [[], [RUNAS]]) {
      for (const signal of more.length === 0 ? (['SIGTERM', 'SIGINT'] as const) : (['SIGTERM', 'SIGINT', 'SIGKILL'] as const)) {
        const out = mkdtempSync(scratch('killed-'));
        const big = ext4({ ...GUEST, '/boot/initrd': 'x'.repeat(60 * 1024 * 1024) }, 100);
        const child = spawn(LAUNCHER, ['-q', ...more, `--output-directory=${out}`, big], { stdio: 'ignore' });
        const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
        for (let i = 0; i < 2000 && readdirSync(out).length === 0; i++) await new Promise((resolve) => setTimeout(resolve, 2));
        expect(readdirSync(out).length).toBeGreaterThan(0);
        child.kill(signal);
        await ended;
        const remains = (): string[] => [...readdirSync(out), ...processesAbout(out)];
        for (let i = 0; i < 200 && remains().length > 0; i++) await new Promise((resolve) => setTimeout(resolve, 20));
        expect(remains()).toEqual([]);
        rmSync(out, { recursive: true });
      }
    }
  });

  it('leaves no file and no process whenever it is killed', async () => {
    const random = new Random(seed());
    const ramdisk = 'x'.repeat(20 * 1024 * 1024);
    const big = ext4({ ...GUEST, '/boot/initrd': ramdisk }, 40);
    const out = mkdtempSync(scratch('killed-at-random-'));
    for (let i = 0; i < mutations(8); i++) {
      const more = random.next(2) === 0 ? [] : [RUNAS];
      const signal = random.pick(
        more.length === 0 ? (['SIGTERM', 'SIGINT', 'SIGHUP'] as const) : (['SIGTERM', 'SIGHUP', 'SIGKILL'] as const),
      );
      const child = spawn(LAUNCHER, ['-q', ...more, `--output-directory=${out}`, `--output=${out}/result`, big], { stdio: 'ignore' });
      const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
      const after = random.next(700);
      await new Promise((resolve) => setTimeout(resolve, after));
      child.kill(signal);
      const what = `seed ${seed()}, run ${i}: ${signal} after ${after} ms ${more.join(' ')}`;
      const status = await ended;
      for (let k = 0; k < 1000 && processesAbout(out).length > 0; k++) await new Promise((resolve) => setTimeout(resolve, 20));
      expect(processesAbout(out), what).toEqual([]);
      // A run that had handed out its result before the signal came keeps it.
      const left = readdirSync(out);
      if (status === 0 || left.length > 0) expect(isComplete(out, ramdisk.length), `${what}: ${left.join(' ')}`).toBe(true);
      for (const name of left) rmSync(join(out, name));
    }
  });

  it('fails, and leaves nothing, where its output has no place', () => {
    const out = mkdtempSync(scratch('place-'));
    const file = join(out, 'file');
    writeFileSync(file, '');
    for (const more of [[], [RUNAS]]) {
      for (const args of [
        [`--output-directory=${file}`],
        [`--output-directory=${out}/absent`],
        [`--output=${out}`],
        [`--output=${file}/below`],
        ['--output=/dev/full'],
      ]) {
        const run = runPygrub(LAUNCHER, ['-q', ...more, ...args], image);
        expect([args, run.status, run.left]).toEqual([args, 1, {}]);
        expect(run.stderr.trimEnd().split('\n').at(-1)).toMatch(/^RuntimeError: .{10,}/);
        expect(readdirSync(out)).toEqual(['file']);
      }
    }
  });

  it('leaves nothing when nobody reads its output', async () => {
    for (const more of [[], [RUNAS]]) {
      const out = mkdtempSync(scratch('pipe-'));
      const child = spawn(LAUNCHER, ['-q', ...more, `--output-directory=${out}`, image], { stdio: ['ignore', 'pipe', 'ignore'] });
      child.stdout.destroy();
      const status = await new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
      expect(status).not.toBe(0);
      expect(readdirSync(out)).toEqual([]);
    }
  });
});

describe.skipIf(missing)('the launcher', () => {
  it('lets no variable of the environment load code', () => {
    const image = ext4(GUEST);
    const mark = scratch('mark');
    const code = scratch('code.cjs');
    writeFileSync(code, `require('node:fs').writeFileSync(${JSON.stringify(mark)}, 'x');`);
    const run = runPygrub(LAUNCHER, ['-q'], image, {
      env: {
        NODE_OPTIONS: `--require=${code}`,
        NODE_PATH: '/tmp',
        NODE_EXTRA_CA_CERTS: code,
        OPENSSL_CONF: code,
        NODE_V8_COVERAGE: scratch('coverage'),
      },
    });
    expect(run.status).toBe(0);
    expect(() => statSync(mark)).toThrow(/ENOENT/);
  });

  it('can be reached through links, as Xen’s libexec directory has it', () => {
    const image = ext4(GUEST);
    const link = scratch('pygrub');
    spawnSync('ln', ['-sf', LAUNCHER, link]);
    expect(runPygrub(link, ['-q'], image).status).toBe(0);
  });

  it('works with the environment that xenopsd gives', () => {
    const image = ext4(GUEST);
    const env = { PATH: '/sbin:/usr/sbin:/bin:/usr/bin' };
    const run = runPygrub(LAUNCHER, ['--output-format=simple', '-q', RUNAS], image, { env });
    expect(run.status).toBe(0);
  });
});
