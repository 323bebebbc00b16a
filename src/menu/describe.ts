/** What the kernel itself says about an entry, for the line below the list. */
import type { BootEntry, BootFile } from '../boot/index.js';
import type { Guest } from '../guest/guest.js';
import { checkEntry, type EntryCheck, type EntryCheckOptions } from '../kernel/check-entry.js';
import type { BootWish } from '../kernel/index.js';
import type { ByteSource } from '../source/byte-source.js';
import type { EntryDetails } from './state.js';

/** How entries are looked at. */
export interface DescribeOptions extends BootWish {
  /** `notes`: kernels whose configuration does not tell are unpacked for their notes; `header`: none is. */
  readonly kernels: 'notes' | 'header';
}

/** The person has moved on: nobody waits for this any more. */
class Abandoned extends Error {}

/**
 * Looks at the kernel and the initrds of an entry: first at what few small reads tell, then, where nothing else says what
 * the kernel can be under Xen, at its notes. To unpack it takes a second: keys and the clock have their turns meanwhile.
 * @param isWanted whether somebody still waits for it
 * @throws TygrubError when the kernel cannot be read
 */
export async function* describeEntry(
  guest: Guest,
  entry: BootEntry,
  options: DescribeOptions,
  isWanted: () => boolean,
): AsyncGenerator<EntryDetails> {
  const polite = withTurns(entry, isWanted);
  const look = (depth: EntryCheckOptions['depth']): Promise<EntryCheck> => checkEntry(guest, polite, { ...options, depth });
  try {
    const first = await look(options.kernels === 'header' ? 'header' : 'glance');
    const { kernel } = first;
    const asksNotes =
      options.kernels === 'notes' && first.xenFrom === null && first.problem === null && kernel !== null && kernel.format !== 'none';
    yield detailsOf(entry, first, !asksNotes);
    if (asksNotes) yield detailsOf(entry, await look('notes'), true);
  } catch (error) {
    if (!(error instanceof Abandoned)) throw error;
  }
}

function detailsOf(entry: BootEntry, { kernel, short, problem }: EntryCheck, isFinal: boolean): EntryDetails {
  const missing = entry.initrds.filter((initrd) => initrd.size === null).map((initrd) => `${initrd.path} does not exist`);
  const warnings = [...(problem === null ? [] : [problem.message]), ...missing];
  return { version: kernel?.release ?? null, short, warnings, isFinal };
}

/** The entry with files that let others have a turn before each read; without initrds that are not there. */
function withTurns(entry: BootEntry, isWanted: () => boolean): BootEntry {
  const file = (of: BootFile): BootFile => ({ ...of, open: async () => turns(await of.open(), isWanted) });
  const { kernel, initrds } = entry;
  return { ...entry, kernel: kernel === null ? null : file(kernel), initrds: initrds.filter(({ size }) => size !== null).map(file) };
}

function turns(source: ByteSource, isWanted: () => boolean): ByteSource {
  return {
    size: source.size,
    async read(offset, length) {
      await new Promise((resolve) => setImmediate(resolve));
      if (!isWanted()) throw new Abandoned('nobody waits for this entry any more');
      return source.read(offset, length);
    },
  };
}
