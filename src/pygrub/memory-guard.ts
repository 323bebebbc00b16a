/** The bound on memory under --runas: Node needs a gigabyte of addresses to start, so the kernel's limit on those cannot serve. */
import { limitReached } from '../errors.js';
import { MEMORY_VARIABLE } from './run-bounds.js';

/** How often memory is looked at, in milliseconds. */
const INTERVAL = 20;

/**
 * Watches over work by the memory that the process really has (its resident set).
 * @param bytes that the process may have
 * @throws TygrubError limit when it has more, while the work may still go on; and what the work throws
 */
export async function underMemoryBound(work: Promise<void>, bytes: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const exceeded = new Promise<never>((_, reject) => {
    const look = (): void => {
      const used = process.memoryUsage.rss();
      if (used <= bytes) return;
      reject(limitReached('memory', `${Math.ceil(used / 1048576)} MiB of memory are in use; ${MEMORY_VARIABLE} raises the bound`));
    };
    timer = setInterval(look, INTERVAL);
    look();
  });
  try {
    await Promise.race([exceeded, work]);
  } finally {
    clearInterval(timer);
  }
}
