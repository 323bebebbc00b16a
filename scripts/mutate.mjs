// Runs the mutation tests with a seed and a number of damaged inputs of one's own, longer than CI does:
//   npm run test:mutate -- SEED COUNT [PATH...]
// SEED and COUNT default to the time and 200,000; PATH limits it to some tests (test/fs-readers/ext).
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [seed = String(Date.now() >>> 0), count = '200000', ...paths] = process.argv.slice(2);
for (const value of [seed, count]) {
  if (/^\d+$/.test(value)) continue;
  console.error(`mutate: ${value} is not a number (usage: npm run test:mutate -- [SEED [COUNT [PATH...]]])`);
  process.exit(2);
}
console.log(`seed ${seed}, ${count} damaged inputs for each mutation test`);
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
// As long as it takes: the tests' own time is for the number of inputs that CI tries.
const { status } = spawnSync(process.execPath, [vitest, 'run', '-t', 'mutation', '--testTimeout=86400000', ...paths], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, TYGRUB_SEED: seed, TYGRUB_MUTATIONS: count },
});
process.exit(status ?? 1);
