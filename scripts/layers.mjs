// The layers of the project, lowest first. A file may import from its own layer and from those before it, nothing else.
// `biome.json` holds the same rule for the linter: `node scripts/layers.mjs` writes it there.
import { readFileSync, writeFileSync } from 'node:fs';

export const LAYERS = [
  'bytes',
  'codec',
  'source',
  'disk',
  'volume',
  'fs-readers',
  'guest',
  'boot',
  'kernel',
  'extract',
  'menu',
  'cli',
  'pygrub',
];

/** Layers that must run without Node, and the files in them that may not (a folder's members for the host). */
const PURE = ['bytes', 'codec', 'source', 'disk', 'volume', 'fs-readers', 'guest', 'boot', 'kernel'];
const HOST_FILES = ['src/source/host-*.ts', 'src/codec/node-*.ts'];

const folder = (layer) => (layer === 'fs-readers' ? 'fs-readers/**' : `src/${layer}/**`);

/** What each layer must not import, as biome's overrides. */
export function overrides() {
  const rows = LAYERS.map((layer, index) => {
    const above = LAYERS.slice(index + 1);
    const forbidden = layer === 'pygrub' ? ['cli'] : above;
    const group = [...forbidden.map((name) => `**/${name}/**`), '**/open-disk.js', '**/src/index.js'];
    const isProgram = ['extract', 'menu', 'cli', 'pygrub'].includes(layer);
    return {
      includes: [folder(layer)],
      linter: {
        rules: {
          style: {
            noRestrictedImports: {
              level: 'error',
              options: {
                patterns: [
                  {
                    group: isProgram ? group.filter((name) => name !== '**/open-disk.js') : group,
                    message: `The layer ${layer} may import only from: ${LAYERS.slice(0, index).join(', ') || 'nothing'}.`,
                  },
                ],
              },
            },
          },
        },
      },
    };
  });
  rows.push({
    includes: [...PURE.map(folder), 'src/errors.ts', 'src/limits.ts', ...HOST_FILES.map((name) => `!${name}`)],
    linter: { rules: { correctness: { noNodejsModules: 'error' } } },
  });
  return rows;
}

const path = new URL('../biome.json', import.meta.url);
if (process.argv[1] === new URL(import.meta.url).pathname) {
  const config = JSON.parse(readFileSync(path, 'utf8'));
  config.overrides = overrides();
  writeFileSync(path, `${JSON.stringify(config, null, 2)}\n`);
}
