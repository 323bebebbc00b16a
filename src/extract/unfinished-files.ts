/** Files and folders that must not outlive a failed run: whatever ends the process, what was not finished is removed. */
import { rmdirSync, unlinkSync } from 'node:fs';

/** The signals that end a run early. SIGKILL cannot be caught. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGPIPE'] as const;
/** Their numbers, the same on all systems that have them (node:os has them too, and takes a moment to load). */
const SIGNAL_NUMBERS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGPIPE: 13, SIGTERM: 15 };

/** In the order of their creation, each with what removes it. */
const unfinished = new Map<string, (path: string) => void>();
let watching = false;

function remove(path: string): void {
  const unlink = unfinished.get(path);
  unfinished.delete(path);
  try {
    unlink?.(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return; // gone is what is wanted
    throw error;
  }
}

function removeAll(): void {
  // The last first: files go before the folder that was made for them.
  for (const path of [...unfinished.keys()].reverse()) {
    try {
      remove(path);
    } catch (error) {
      process.stderr.write(`tygrub: ${path} could not be removed: ${error}\n`);
    }
  }
}

function onSignal(signal: NodeJS.Signals): void {
  endBySignal(signal);
}

/**
 * Ends the process as a signal ends it, with nothing unfinished left behind. Not through `process.exit`: at exit, Node
 * gives terminals their modes back, and aborts when the terminal is gone, which is just when SIGHUP comes.
 */
export function endBySignal(signal: NodeJS.Signals): void {
  removeAll();
  process.removeAllListeners(signal);
  // Node ignores SIGPIPE from its start, so that one cannot end the process.
  if (signal !== 'SIGPIPE') process.kill(process.pid, signal);
  process.exit(128 + (SIGNAL_NUMBERS[signal] ?? 0));
}

/** Removes `path` when the process ends, by itself or by a signal, before `finished(path)` was called. */
export function unfinishedFile(path: string): void {
  watch(path, unlinkSync);
}

/** The same for a folder that this run made; what others put into it meanwhile keeps it. */
export function unfinishedFolder(path: string): void {
  watch(path, (folder) => {
    try {
      rmdirSync(folder);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOTEMPTY')) throw error;
    }
  });
}

function watch(path: string, removal: (path: string) => void): void {
  unfinished.set(path, removal);
  if (watching) return;
  watching = true;
  process.on('exit', removeAll);
  for (const signal of SIGNALS) process.on(signal, onSignal);
}

/** The file or folder is complete and stays. */
export function finished(path: string): void {
  unfinished.delete(path);
}

/** Removes a file or folder that was not finished, now. */
export function discard(path: string): void {
  if (unfinished.has(path)) remove(path);
}
