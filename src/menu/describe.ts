/** What the kernel itself says about an entry, for the line below the list. */
import type { BootEntry } from '../boot/index.js';
import { canBoot, identifyKernel } from '../kernel/index.js';
import type { Limits } from '../limits.js';
import type { EntryDetails } from './state.js';

/**
 * Looks at the header of an entry's kernel: a few reads of a few bytes, nothing is decompressed.
 * @throws TygrubError when the kernel cannot be read
 */
export async function describeEntry(entry: BootEntry, limits: Limits): Promise<EntryDetails> {
  if (entry.kernel === null) return { version: null, warnings: [] };
  const info = await identifyKernel(await entry.kernel.open(), { limits, depth: 'header' });
  const problem = canBoot(info, { boot: 'any' });
  const missing = entry.initrds.filter((initrd) => initrd.size === null).map((initrd) => `${initrd.path} does not exist`);
  return { version: info.release, warnings: [...(problem === null ? [] : [problem.message]), ...missing] };
}
