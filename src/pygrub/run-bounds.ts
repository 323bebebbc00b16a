/** What a run under --runas may use, and the variables of the environment that change it. */
import { usageError } from '../errors.js';

const MiB = 1024 * 1024;

/** What pygrub gives a run under --runas, in MiB, and the variables that change it. */
export const FILE_SIZE_VARIABLE = 'PYGRUB_MAX_FILE_SIZE_MB';
export const MEMORY_VARIABLE = 'PYGRUB_MAX_RAM_USAGE_MB';
const DEFAULT_FILE_SIZE = 128;
const DEFAULT_MEMORY = 256;

/** Bounds in bytes. */
export interface RunBounds {
  readonly fileSize: number;
  readonly memory: number;
}

/** The bounds of a run under --runas. @throws TygrubError usage when a variable is no number */
export function runBounds(environment: Readonly<Record<string, string | undefined>>): RunBounds {
  const mebibytes = (name: string, standard: number): number => {
    const text = environment[name];
    if (text === undefined) return standard * MiB;
    if (!/^\d{1,9}$/.test(text.trim())) throw usageError('pygrub.variable', `${name} must be a whole number of MiB, not ${text}`);
    return Number(text) * MiB;
  };
  return { fileSize: mebibytes(FILE_SIZE_VARIABLE, DEFAULT_FILE_SIZE), memory: mebibytes(MEMORY_VARIABLE, DEFAULT_MEMORY) };
}
