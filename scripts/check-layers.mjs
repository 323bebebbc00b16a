// Holds the layer rule to its word: `biome.json` must contain it unchanged, and the linter must refuse an import against
// it in every layer (a rule that cannot fail would be worse than none).
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LAYERS, overrides } from './layers.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const problems = [];
const config = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8'));
if (JSON.stringify(config.overrides) !== JSON.stringify(overrides())) {
  problems.push('biome.json does not hold the rule of scripts/layers.mjs: run `node scripts/layers.mjs`');
}

// A tree with one file for every import that could be written, linted under the project's own configuration.
const folder = (layer) => (layer === 'fs-readers' ? 'fs-readers' : `src/${layer}`);
const probes = [];
for (const [index, layer] of LAYERS.entries()) {
  for (const [other, name] of LAYERS.entries()) {
    if (other === index) continue;
    const up = layer === 'fs-readers' ? '..' : '../..';
    const allowed = other < index && !(layer === 'pygrub' && name === 'cli');
    probes.push({ file: `${folder(layer)}/probe-${name}.ts`, specifier: `${up}/${folder(name)}/probe.js`, allowed });
  }
}
probes.push({ file: 'src/boot/probe-node.ts', specifier: 'node:fs', allowed: false });
probes.push({ file: 'fs-readers/ext/probe-node.ts', specifier: 'node:zlib', allowed: false });
probes.push({ file: 'src/cli/probe-node.ts', specifier: 'node:fs', allowed: true });

const tree = mkdtempSync(join(tmpdir(), 'tygrub-layers-'));
try {
  copyFileSync(join(root, 'biome.json'), join(tree, 'biome.json'));
  for (const { file, specifier } of probes) {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    writeFileSync(join(tree, file), `import { probe } from '${specifier}';\n\nprobe();\n`);
  }
  const result = spawnSync(join(root, 'node_modules/.bin/biome'), ['lint', '--reporter=github', '--max-diagnostics=none', '.'], {
    cwd: tree,
    encoding: 'utf8',
  });
  const refused = new Set();
  for (const line of `${result.stdout}${result.stderr}`.split('\n')) {
    const file = /file=([^,]+)/.exec(line)?.[1];
    if (file !== undefined && /noRestrictedImports|noNodejsModules/.test(line))
      refused.add(file.startsWith(tree) ? file.slice(tree.length + 1) : file.replace(/^\.\//, ''));
  }
  for (const { file, specifier, allowed } of probes) {
    if (refused.has(file) === allowed) problems.push(`${file} importing ${specifier}: ${allowed ? 'refused, but allowed' : 'not refused'}`);
  }
} finally {
  rmSync(tree, { recursive: true, force: true });
}

for (const problem of problems) console.error(`layer rule: ${problem}`);
if (problems.length > 0) process.exit(1);
console.log(`layer rule: ${probes.length} imports tried against it, all answered rightly`);
