/** Runs the built programs as a user would. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

/** The top of the project. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The standalone executable that is tested in place of the programs for Node, if one is named. */
const STANDALONE = process.env['TYGRUB_STANDALONE'];

/** How a program of the package is run: the command and its first arguments. */
export function programCommand(name: 'tygrub' | 'tygrub-pygrub'): [command: string, ...first: string[]] {
  return STANDALONE === undefined ? [process.execPath, programPath(name)] : [programPath(name)];
}

/** The path of a program of the package, for Node (`bin/tygrub-pygrub` is a shell script around its own). */
export function programPath(name: 'tygrub' | 'tygrub-pygrub'): string {
  // The executable goes by its name; `npm run build:standalone` puts both names beside each other.
  if (STANDALONE !== undefined) return join(dirname(STANDALONE), name);
  const path = join(ROOT, 'dist', 'bin', `${name}.cjs`);
  if (!existsSync(path)) throw new Error(`${name} is not built: npm run build`);
  return path;
}

/** What a run of a program did. */
export interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `tygrub` (or another program of the package) with arguments. */
export function run(
  args: readonly string[],
  options: { program?: 'tygrub' | 'tygrub-pygrub'; cwd?: string; env?: Record<string, string> } = {},
): Run {
  const [command, ...first] = programCommand(options.program ?? 'tygrub');
  const result = spawnSync(command, [...first, ...args], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    encoding: 'utf8',
    maxBuffer: 512 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (result.error !== undefined) throw result.error;
  return { status: result.status, stdout: result.stdout, stderr: result.stderr };
}

/** Runs `tygrub` and gives its JSON. @throws when it failed */
export function runJson<T>(args: readonly string[], cwd?: string): T {
  const result = run(args, cwd === undefined ? {} : { cwd });
  if (result.status !== 0) throw new Error(`tygrub ${args.join(' ')} ended with ${result.status}: ${result.stderr}`);
  return JSON.parse(result.stdout) as T;
}

/** A new folder that goes away after the tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tygrub-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Names in a folder, sorted. */
export function names(folder: string): string[] {
  return readdirSync(folder).sort();
}
