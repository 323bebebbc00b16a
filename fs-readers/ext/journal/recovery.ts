/** Recovery: the filesystem as the guest would see it after its next mount. Nothing is written anywhere. */
import { equalBytes } from '../../../src/bytes/text.js';
import { formatUuid, isZero } from '../../../src/bytes/uuid.js';
import { corrupt, TygrubError, unsupported } from '../../../src/errors.js';
import type { ByteSource } from '../../../src/source/byte-source.js';
import type { FileSystemOptions } from '../../filesystem.js';
import { contentOf } from '../block-map.js';
import { COMPAT, INCOMPAT } from '../features.js';
import { GroupDescriptors } from '../group-descriptors.js';
import { readInode } from '../inode.js';
import { EXT_MAGIC, SUPERBLOCK, SUPERBLOCK_OFFSET } from '../layout.js';
import { readSuperblock } from '../superblock.js';
import type { ExtVolume } from '../volume.js';
import { FastCommits } from './fast-commit.js';
import { readFastCommits } from './fast-commit-records.js';
import { type Journal, openJournal } from './journal-superblock.js';
import { type Replay, readLog } from './log.js';
import { ReplayedSource } from './replayed-source.js';

const HINT = 'use --no-journal to read what is on the disk without the journal';
/** Of a warning that some of the journal is lost. */
const DAMAGED = { code: 'ext.journal-damaged', hint: 'let the guest repair its filesystem' };
const NOT_REPLAYED = 'journal damaged, not replayed';

/** A filesystem and what its journal did to it, in words for people. */
export interface Recovered {
  readonly volume: ExtVolume;
  /** Empty where the journal had nothing to do with it. */
  readonly state: string;
}

/**
 * Replays the journal where the filesystem says that it must be.
 * @param backup whether the superblock is a backup: those are not updated when a filesystem is mounted, so the journal
 * itself has to tell whether it is in use
 * @returns what is on the disk, with a warning, where the journal is too damaged to be read at all
 * @throws TygrubError unsupported when the journal is on a device that is not there or has unknown features, limit
 */
export async function recover(volume: ExtVolume, backup: boolean, options: FileSystemOptions): Promise<Recovered> {
  const { superblock, report } = volume;
  const needed = superblock.hasIncompat(INCOMPAT.RECOVER);
  if (!needed && !backup) return { volume, state: '' };
  if (!superblock.hasCompat(COMPAT.HAS_JOURNAL)) {
    if (needed) report.warn({ code: 'ext.no-journal', message: 'the filesystem says that its journal must be replayed, but it has none' });
    return { volume, state: '' };
  }
  if (options.noJournal) {
    if (needed) report.warn({ code: 'ext.journal-not-replayed', message: 'the journal was not replayed, the newest changes are missing' });
    return { volume, state: needed ? 'journal not replayed' : '' };
  }
  let journal: Journal;
  let log: Replay;
  try {
    journal = await findJournal(volume, options);
    log = await readLog(journal, superblock, options.limits, report);
  } catch (error) {
    if (!isCorrupt(error)) throw error;
    report.warn({ ...DAMAGED, message: `the journal was not replayed, the newest changes are missing: ${error.message}` });
    return { volume, state: NOT_REPLAYED };
  }
  if (!needed && log.transactions === 0) return { volume, state: '' };
  if (log.damage !== null) {
    const message = `the journal is damaged inside a committed transaction (${log.damage}) and was not replayed: the newest changes are missing`;
    report.warn({ ...DAMAGED, message });
    return { volume, state: NOT_REPLAYED };
  }
  const source = new ReplayedSource(volume.source, journal.source, log.blocks, superblock.blockSize);
  const found = await readSuperblock(source, report);
  const groups = new GroupDescriptors(source, found.superblock, report);
  const replayed: ExtVolume = { ...volume, source, superblock: found.superblock, groups };
  const counts = `${log.transactions} transactions, ${log.blocks.size} blocks`;
  const fast = journal.fields.start === 0 ? null : await readFastCommits(journal, log.nextSequence, superblock.inodeSize, options.limits);
  if (fast === null || fast.commits === 0) return { volume: replayed, state: `journal replayed (${counts})` };
  try {
    const fastCommits = await FastCommits.apply(replayed, fast.records);
    return { volume: { ...replayed, fastCommits }, state: `journal replayed (${counts}, ${fast.commits} fast commits)` };
  } catch (error) {
    if (!isCorrupt(error)) throw error;
    report.warn({ ...DAMAGED, message: `the fast commits were not replayed, the newest changes are missing: ${error.message}` });
    return { volume: replayed, state: `journal replayed (${counts}, no fast commits)` };
  }
}

function isCorrupt(error: unknown): error is TygrubError {
  return error instanceof TygrubError && error.kind === 'corrupt';
}

async function findJournal(volume: ExtVolume, options: FileSystemOptions): Promise<Journal> {
  const { fields, blockSize } = volume.superblock;
  if (fields.journal_inum !== 0) {
    const inode = await readInode(volume, fields.journal_inum);
    if (inode.type !== 'f') {
      throw corrupt('ext.journal', `the journal is needed, but its inode ${inode.number} is not a file`, { hint: HINT });
    }
    return openJournal(contentOf(volume, inode), 0, blockSize, options.limits, volume.report);
  }
  if (isZero(fields.journal_uuid)) throw corrupt('ext.journal', 'the journal is needed, but the superblock names none', { hint: HINT });
  for (const other of await options.otherVolumes()) {
    if (await isJournalDevice(other, fields.journal_uuid)) {
      const at = Math.floor(SUPERBLOCK_OFFSET / blockSize) + 1;
      return openJournal(other, at, blockSize, options.limits, volume.report);
    }
  }
  throw unsupported(
    'ext.external-journal',
    `the filesystem was not cleanly unmounted and its journal is on another device (journal UUID ${formatUuid(fields.journal_uuid)}), which is not among the disks given`,
    { hint: HINT },
  );
}

async function isJournalDevice(source: ByteSource, uuid: Uint8Array): Promise<boolean> {
  if (source.size < SUPERBLOCK_OFFSET + SUPERBLOCK.size) return false;
  const { magic, feature_incompat, uuid: own } = SUPERBLOCK.decode(await source.read(SUPERBLOCK_OFFSET, SUPERBLOCK.size));
  return magic === EXT_MAGIC && (feature_incompat & INCOMPAT.JOURNAL_DEV) !== 0 && equalBytes(own, uuid);
}
