/** Programs on a real pseudo terminal (through python3's pty module). */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

/** What is typed and how long the answer is waited for. */
export interface PtyStep {
  readonly send?: string;
  /** Text that must have come before the step is over. */
  readonly until?: string;
  /** Seconds without output after which the step is over. */
  readonly quiet?: number;
  readonly resize?: readonly [rows: number, columns: number];
  /** Closes the terminal after the step, as a console that goes away. */
  readonly close?: boolean;
}

export interface PtyRun {
  readonly outputs: readonly string[];
  /** Null when the program had to be killed. */
  readonly status: number | null;
}

/** Runs a program on a terminal. */
export async function onPty(
  command: readonly string[],
  steps: readonly PtyStep[],
  options: { rows?: number; columns?: number; env?: Record<string, string>; timeout?: number } = {},
): Promise<PtyRun> {
  const job = {
    command,
    ...options,
    steps: steps.map((step) => ({ ...step, send: Buffer.from(step.send ?? '', 'latin1').toString('base64') })),
  };
  const driver = fileURLToPath(new URL('./pty-driver.py', import.meta.url));
  const child = spawn('python3', [driver], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify(job));
  let text = '';
  for await (const piece of child.stdout.setEncoding('utf8')) text += piece;
  const result = JSON.parse(text) as { outputs: string[]; status: number | null };
  return { outputs: result.outputs.map((output) => Buffer.from(output, 'base64').toString('latin1')), status: result.status };
}

/** Bundles a TypeScript file into a program that Node runs by itself. */
export function bundled(source: URL, output: string): string {
  buildSync({
    entryPoints: [fileURLToPath(source)],
    outfile: output,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
  });
  return output;
}
