import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ROOT, temporaryFolder } from '../support/program.js';
import { SAMPLE } from '../support/sample.js';

const program = (name: string) => join(ROOT, 'dist', 'bin', `${name}.cjs`);

interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly {
      readonly ranges: readonly { readonly startOffset: number; readonly endOffset: number; readonly count: number }[];
    }[];
  }[];
}

/** What a start loads, in numbers that do not depend on how busy the machine is. */
describe('the start of a program', () => {
  const folder = temporaryFolder();
  const preload = join(folder, 'modules.cjs');
  let bare = new Set<string>();

  /** Node's own modules that a run loads beyond those of `node -e 0`. */
  function modules(...args: string[]): string[] {
    const list = join(folder, 'list');
    const run = spawnSync(process.execPath, ['--require', preload, ...args], {
      cwd: folder,
      env: { ...process.env, LIST: list },
      encoding: 'utf8',
    });
    expect(run.status, run.stderr).toBe(0);
    const loaded = JSON.parse(readFileSync(list, 'utf8')) as string[];
    return loaded.filter((name) => name.startsWith('NativeModule ') && !bare.has(name)).map((name) => name.slice('NativeModule '.length));
  }

  /** Bytes of the parts of the program that were compiled, and of those the bytes in functions that ran, as V8 counts them. */
  function work(...args: string[]): { readonly compiled: number; readonly evaluated: number } {
    const where = join(folder, `coverage-${args.length}-${readdirSync(folder).length}`);
    const run = spawnSync(process.execPath, args, { cwd: folder, env: { ...process.env, NODE_V8_COVERAGE: where }, encoding: 'utf8' });
    expect(run.status, run.stderr).toBe(0);
    let sum = 0;
    let compiled = 0;
    const { result } = readdirSync(where)
      .map((file) => JSON.parse(readFileSync(join(where, file), 'utf8')) as Coverage)
      .reduce((all, { result }) => ({ result: [...all.result, ...result] }), { result: [] });
    for (const script of result.filter(({ url }) => url.endsWith('.cjs'))) {
      const ranges = script.functions.flatMap((f) => f.ranges);
      const length = Math.max(...ranges.map(({ endOffset }) => endOffset));
      if (length >= statSync(args[0] ?? '').size) continue; // the file itself, which is a loader and a comment
      compiled += length;
      // The innermost range says whether a byte ran: ranges nest, so a sweep with a stack tells.
      const edges = ranges.flatMap((range) => [
        { at: range.startOffset, range, opens: true },
        { at: range.endOffset, range, opens: false },
      ]);
      edges.sort(
        (a, b) =>
          a.at - b.at ||
          Number(a.opens) - Number(b.opens) ||
          (a.opens ? b.range.endOffset - a.range.endOffset : b.range.startOffset - a.range.startOffset),
      );
      const open: { readonly count: number }[] = [];
      let last = 0;
      for (const { at, range, opens } of edges) {
        if ((open.at(-1)?.count ?? 0) > 0) sum += at - last;
        last = at;
        if (opens) open.push(range);
        else open.splice(open.lastIndexOf(range), 1);
      }
    }
    expect(compiled).toBeGreaterThan(0);
    return { compiled, evaluated: sum };
  }

  beforeAll(() => {
    writeFileSync(
      preload,
      "process.on('exit', () => require('node:fs').writeFileSync(process.env.LIST, JSON.stringify(process.moduleLoadList)));\n",
    );
    const list = join(folder, 'bare');
    expect(spawnSync(process.execPath, ['--require', preload, '-e', '0'], { env: { ...process.env, LIST: list } }).status).toBe(0);
    bare = new Set(JSON.parse(readFileSync(list, 'utf8')) as string[]);
    for (const name of ['xen', 'out', 'xen-again', 'out-again']) mkdirSync(join(folder, name));
  });

  it('of tygrub-pygrub loads a handful of modules, none of them for encryption, processes or the network', () => {
    const loaded = modules(program('tygrub-pygrub'), '--quiet', '--output-directory=xen', SAMPLE);
    expect(loaded.filter((name) => /crypto|child_process|^net$|dgram|http|zlib|readline|worker/.test(name))).toEqual([]);
    expect(loaded.length).toBeLessThanOrEqual(6);
  });

  it('of tygrub extract loads no more, and nothing for encryption, decompression, processes or the network', () => {
    const loaded = modules(program('tygrub'), 'extract', '--no-kernels', SAMPLE, '--output-directory', 'out');
    expect(loaded.filter((name) => /crypto|child_process|^net$|stream|dgram|http|zlib|readline|worker/.test(name))).toEqual([]);
    expect(loaded.length, loaded.join(' ')).toBeLessThanOrEqual(6);
  });

  it('compiles and evaluates the part of the program that it needs', () => {
    const pygrub = program('tygrub-pygrub');
    const tygrub = program('tygrub');
    const xen = work(pygrub, '--quiet', '--output-directory=xen-again', SAMPLE);
    expect(xen.compiled).toBeLessThan(350_000);
    expect(xen.evaluated).toBeLessThan(205_000);
    const extract = work(tygrub, 'extract', '--no-kernels', SAMPLE, '--output-directory', 'out-again');
    expect(extract.compiled).toBeLessThan(360_000);
    expect(extract.evaluated).toBeLessThan(205_000);
    const text = readFileSync(pygrub, 'utf8');
    expect(text).not.toContain('showHelpAfterError'); // commander is not in it at all
  });

  it('takes what V8 made of the program before, and does without where that is of something else', () => {
    const accepted = (file: string, out: string): unknown[] => {
      const list = join(folder, `accepted-${out}`);
      const watch = join(folder, 'watch.cjs');
      writeFileSync(
        watch,
        `const vm = require('node:vm'), all = [];
vm.Script = class extends vm.Script { constructor(text, options) { super(text, options); if (options?.cachedData) all.push(!this.cachedDataRejected); } };
process.on('exit', () => require('node:fs').writeFileSync(process.env.LIST, JSON.stringify(all)));\n`,
      );
      mkdirSync(join(folder, out));
      const run = spawnSync(process.execPath, ['--require', watch, file, '--quiet', `--output-directory=${out}`, SAMPLE], {
        cwd: folder,
        env: { ...process.env, LIST: list },
        encoding: 'utf8',
      });
      expect(run.status, run.stderr).toBe(0);
      expect(readdirSync(join(folder, out))).toHaveLength(2);
      return JSON.parse(readFileSync(list, 'utf8')) as unknown[];
    };
    const built = accepted(program('tygrub-pygrub'), 'cached');
    expect(built.length).toBeGreaterThan(0);
    expect(built).not.toContain(false);
    // The same program with another's: every part is refused.
    const copy = join(folder, 'tygrub-pygrub.cjs');
    copyFileSync(program('tygrub-pygrub'), copy);
    const cache = readdirSync(join(ROOT, 'dist', 'bin')).find(
      (name) => /^tygrub-pygrub\.cjs\..*\.cache$/.test(name) && name.includes(process.version),
    );
    const bytes = readFileSync(join(ROOT, 'dist', 'bin', cache ?? 'none'));
    const start = bytes.indexOf(10) + 1;
    bytes.fill(0x5a, start, start + 16); // the version of V8 and its flags stand there
    writeFileSync(join(folder, cache ?? 'none'), bytes);
    expect(accepted(copy, 'refused')).toContain(false);
    writeFileSync(join(folder, cache ?? 'none'), 'nothing of the kind');
    expect(accepted(copy, 'damaged')).toEqual([]);
  });
});
