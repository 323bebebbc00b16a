// Boots guests on a real Xen with tygrub-pygrub in pygrub's place (`npm run test:xen`). It needs a rig: a folder with a
// `run.sh` that boots Xen and a dom0 under QEMU and runs `xl create` for each job, and its `cache/` of kernels and guests.
//   TYGRUB_XEN_RIG   the rig's folder         CACHE   its cache, if it is elsewhere
// It takes minutes: each guest is emulated instruction by instruction.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const rig = process.env.TYGRUB_XEN_RIG;
if (rig === undefined || !existsSync(join(rig, 'run.sh'))) {
  console.error('test:xen needs a Xen rig: set TYGRUB_XEN_RIG to the folder with its run.sh');
  process.exit(2);
}
const cache = process.env.CACHE ?? join(rig, 'cache');
const guest = (suffix) => join(cache, `guest-small.${suffix}`);
for (const file of [guest('raw'), guest('vhd')]) {
  if (existsSync(file)) continue;
  console.error(`test:xen: ${file} is not there: run the rig's build.sh first`);
  process.exit(2);
}

const work = mkdtempSync(join(tmpdir(), 'tygrub-xen-'));
try {
  // What dom0 sees: the launcher and the program, which is one file.
  const inject = join(work, 'inject');
  for (const name of ['bin/tygrub-pygrub', 'dist/bin/tygrub-pygrub.cjs', 'package.json']) cpSync(join(root, name), join(inject, name));
  const broken = join(work, 'broken.raw');
  writeFileSync(broken, Buffer.alloc(4 * 1024 * 1024));

  const jobs = [
    { NAME: 'raw', DISK: guest('raw'), MODE: 'raw' },
    { NAME: 'raw-restricted', DISK: guest('raw'), MODE: 'raw', RESTRICT: '1' },
    { NAME: 'vhd', DISK: guest('vhd'), MODE: 'vhd-direct' },
    { NAME: 'vhd-restricted', DISK: guest('vhd'), MODE: 'vhd-direct', RESTRICT: '1' },
    { NAME: 'broken', DISK: broken, MODE: 'raw', WANT: 'fail' },
    { NAME: 'broken-restricted', DISK: broken, MODE: 'raw', WANT: 'fail', RESTRICT: '1' },
  ];
  const files = jobs.map((job, i) => {
    const all = { TYPE: 'pv', BOOTLOADER: 'pygrub', INSTALL_AS_PYGRUB: './bin/tygrub-pygrub', DOMTIMEOUT: '500', ...job };
    const path = join(work, `${i}-${job.NAME}.job`);
    writeFileSync(
      path,
      Object.entries(all)
        .map(([name, value]) => `${name}='${value}'\n`)
        .join(''),
    );
    return path;
  });
  const out = join(work, 'out');
  const run = spawnSync(
    'bash',
    [join(rig, 'run.sh'), '--timeout', process.env.TYGRUB_XEN_TIMEOUT ?? '2400', '--out', out, '--jobs', inject, ...files],
    {
      stdio: 'inherit',
      env: { ...process.env, CACHE: cache },
    },
  );
  let failed = run.status !== 0;
  for (const { NAME, WANT } of jobs) {
    const folder = join(out, 'results', NAME);
    if (WANT !== 'fail' || !existsSync(folder)) continue;
    const log = readdirSync(folder)
      .filter((name) => name.startsWith('bootloader.'))
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .join('');
    const said = /RuntimeError: .*/.exec(log)?.[0];
    console.log(`${NAME}: bootloader's log says: ${said ?? 'nothing of an error'}`);
    failed ||= said === undefined;
  }
  process.exitCode = failed ? 1 : 0;
} finally {
  if (process.env.TYGRUB_XEN_KEEP === undefined) rmSync(work, { recursive: true, force: true });
  else console.log(`kept: ${work}`);
}
