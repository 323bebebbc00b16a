import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
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

  /** Bytes of the program in functions that ran, as V8 counts them. */
  function evaluated(...args: string[]): number {
    const where = join(folder, `coverage-${args.length}-${readdirSync(folder).length}`);
    const run = spawnSync(process.execPath, args, { cwd: folder, env: { ...process.env, NODE_V8_COVERAGE: where }, encoding: 'utf8' });
    expect(run.status, run.stderr).toBe(0);
    let sum = 0;
    for (const file of readdirSync(where)) {
      const { result } = JSON.parse(readFileSync(join(where, file), 'utf8')) as Coverage;
      const ranges = result.filter(({ url }) => url.endsWith('.cjs')).flatMap(({ functions }) => functions.flatMap((f) => f.ranges));
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
    return sum;
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
    expect(loaded.length).toBeLessThanOrEqual(12);
  });

  it('of tygrub extract loads what commander needs, and nothing for encryption or decompression', () => {
    const loaded = modules(program('tygrub'), 'extract', '--no-kernels', SAMPLE, '--output-directory', 'out');
    expect(loaded.filter((name) => /crypto|http|zlib|readline|worker/.test(name))).toEqual([]);
    expect(loaded.length).toBeLessThanOrEqual(45);
  });

  it('evaluates the part of the program that it needs', () => {
    const pygrub = program('tygrub-pygrub');
    const tygrub = program('tygrub');
    expect(evaluated(pygrub, '--quiet', '--output-directory=xen-again', SAMPLE)).toBeLessThan(0.45 * statSync(pygrub).size);
    expect(evaluated(tygrub, 'extract', '--no-kernels', SAMPLE, '--output-directory', 'out-again')).toBeLessThan(
      0.45 * statSync(tygrub).size,
    );
    const text = readFileSync(pygrub, 'utf8');
    expect(text).not.toContain('showHelpAfterError'); // commander is not in it at all
  });
});
