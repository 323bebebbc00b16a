// Writes the manual pages (dist/man) and the shells' completions (dist/completions) of the built programs.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bash, fish, zsh } from './manual/completions.mjs';
import { manPage } from './manual/man-page.mjs';
import { programs } from './manual/programs.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { PACKAGE_VERSION: version } = await import('../dist/src/version.js');

/** The day of the commit that is built, so that the same commit makes the same pages; today where there is no history. */
function date() {
  try {
    const day = execFileSync('git', ['log', '-1', '--format=%cs'], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    if (day.trim() !== '') return day.trim();
  } catch {
    // a tarball has no history
  }
  return new Date().toISOString().slice(0, 10);
}

const all = programs(version);
const write = (folder, name, text) => {
  mkdirSync(join(root, 'dist', folder), { recursive: true });
  writeFileSync(join(root, 'dist', folder, name), text);
};
for (const program of all) {
  const seeAlso = all.filter((other) => other !== program).map((other) => other.name);
  write('man', `${program.name}.1`, manPage(program, { version, date: date(), seeAlso }));
  write('completions/bash', program.name, bash(program));
  write('completions/zsh', `_${program.name}`, zsh(program));
  write('completions/fish', `${program.name}.fish`, fish(program));
}
