// Runs a program on what usual runs do, and writes beside it what this V8 made of the parts that were needed (see make.mjs):
//   node run.mjs PROGRAM.cjs ARGUMENT...
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import vm from 'node:vm';

const [name, ...args] = process.argv.slice(2);
if (name === undefined) throw new Error('name a program and what it shall do');
const path = resolve(name);
const program = readFileSync(path, 'latin1');
const scripts = [];
const { Script } = vm;
vm.Script = class extends Script {
  constructor(text, options) {
    super(text, { ...options, cachedData: undefined });
    scripts.push([options.lineOffset, this]);
  }
};
process.argv.splice(1, Number.POSITIVE_INFINITY, path, ...args);
process.on('exit', (status) => {
  if (status !== 0) return;
  const made = scripts.map(([line, script]) => [line, script.createCachedData()]);
  const head = JSON.stringify(made.map(([line, bytes]) => [line, bytes.length]));
  const id = /"([0-9a-f]{16})"/.exec(program)?.[1];
  const file = `${path}.${id}.${process.version}-${process.arch}.cache`;
  // Renamed when it is whole: a program may start meanwhile.
  writeFileSync(`${file}.part`, Buffer.concat([Buffer.from(`${head}\n`), ...made.map(([, bytes]) => bytes)]));
  renameSync(`${file}.part`, file);
});
createRequire(import.meta.url)(path);
