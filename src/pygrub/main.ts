#!/usr/bin/env node
/** `tygrub-pygrub`: what a Xen toolstack runs in pygrub's place. `docs/pygrub.md` is its contract. */
import type { BootEntry } from '../boot/index.js';
import { printable } from '../bytes/text.js';
import { provideNodeCodecs } from '../codec/node-codecs.js';
import { TygrubError, unsupported } from '../errors.js';
import { StreamSink } from '../extract/copy.js';
import { openEntry } from '../extract/extract-entry.js';
import type { NewFile } from '../extract/new-file.js';
import { endBySignal } from '../extract/unfinished-files.js';
import { Guest } from '../guest/guest.js';
import { checkEntry } from '../kernel/check-entry.js';
import { DEFAULT_LIMITS, type Limits, withLimits } from '../limits.js';
import { openDisk } from '../open-disk.js';
import type { ByteSource } from '../source/byte-source.js';
import { HostFileSource } from '../source/host-file.js';
import { type Arguments, parseArguments, UsageRequest, usage, wishOf } from './arguments.js';
import { chooseEntry, chosenOf, EXIT_QUIT, guestAtOffset, MenuHangup, MenuQuit, readEntries } from './choice.js';
import { CONFIG_PLACE, configGuest } from './config-file.js';
import { listedMenu, shownConfig } from './listing.js';
import { checkLengths, formatResult } from './result.js';
import { ResultFiles } from './result-files.js';
import { FILE_SIZE_VARIABLE, runBounds } from './run-bounds.js';
import { SealedNeighbours } from './sealed-neighbours.js';

/** Tells what happens, with `--debug`. */
type Tell = (line: string) => void;

/** How a run reads its disk: with all the rights of who started it, or with those that were left. */
interface Rights {
  readonly limits: Limits;
  /** Whether files that were created can be removed by somebody else only, once rights are given up. */
  readonly areFew: boolean;
  /** Gives up what is to be given up; called when all output is open, before anything of the disk is read. */
  giveUp(): Promise<void>;
  open(): Promise<Guest>;
  /** Watches over the work on the disk. */
  during(work: Promise<void>): Promise<void>;
}

async function main(argv: readonly string[]): Promise<void> {
  const args = parseArguments(argv);
  const tell: Tell = args.debug ? (line) => process.stderr.write(`pygrub: ${printable(line)}\n`) : () => {};
  const uid = args.runAs ?? (args.domid === null ? null : (await import('./privileges.js')).userOfDomain(args.domid));
  await work(args, uid === null ? allRights(args) : fewRights(args, uid, tell), tell);
}

function allRights(args: Arguments): Rights {
  const config = args.isConfig ? HostFileSource.open(args.image) : null;
  return {
    limits: DEFAULT_LIMITS,
    areFew: false,
    giveUp: async () => {},
    open: () => (config === null ? openDisk(args.image) : configGuest(config, DEFAULT_LIMITS)),
    during: (work) => work,
  };
}

/**
 * The disk is opened with the rights of whoever runs this, and read with those of the user. Names of further files come
 * from the disk, and none is followed: no file is opened once the rights are gone, nor before, when who would have to say
 * which ones has not been read.
 */
function fewRights(args: Arguments, uid: number, tell: Tell): Rights {
  const bounds = runBounds(process.env);
  const limits = withLimits({ fileSize: Math.min(bounds.fileSize, DEFAULT_LIMITS.fileSize) });
  const source = HostFileSource.open(args.image);
  return {
    limits,
    areFew: true,
    giveUp: async () => (await import('./privileges.js')).dropPrivileges(uid, bounds, tell),
    open: async () => {
      if (args.isConfig) return configGuest(source, limits);
      const neighbours = new SealedNeighbours();
      try {
        return await Guest.open([{ path: args.image, source, neighbours }], { limits });
      } catch (error) {
        throw neighbours.refusal(args.image, error);
      }
    },
    during: async (work) => (await import('./memory-guard.js')).underMemoryBound(work, bounds.memory),
  };
}

async function work(args: Arguments, rights: Rights, tell: Tell): Promise<void> {
  const files = await ResultFiles.open(args, rights.areFew);
  try {
    await rights.giveUp();
    await rights.during(readAndAnswer(args, files, rights, tell));
  } catch (error) {
    await files.discard();
    throw error;
  }
}

async function readAndAnswer(args: Arguments, files: ResultFiles, rights: Rights, tell: Tell): Promise<void> {
  const disk = await rights.open();
  try {
    if (args.isConfig) return await showConfig(disk, args);
    for (const row of [...disk.disks, disk]) for (const warning of row.warnings) tell(`warning: ${warning.message}`);
    const guest = async (): Promise<Guest> => (args.offset === null ? disk : guestAtOffset(disk, args.offset));
    if (args.listEntries) await list(guest, args);
    else await boot(await guest(), args, files, rights.limits, tell);
  } finally {
    await disk.close();
  }
}

async function boot(guest: Guest, args: Arguments, files: ResultFiles, limits: Limits, tell: Tell): Promise<void> {
  const entry = await chooseEntry(guest, args);
  tell(`entry ${entry.index}: ${[...entry.submenus, entry.title].join(' > ')}`);
  if (entry.problem !== null) tell(`entry ${entry.index} has a problem: ${entry.problem.message}`);
  await checkLengths(entry.args, warn);
  const { kernel, initrd } = await openEntry(entry, limits, { emptyInitrds: true });
  if (initrd?.size === 0) await warn('the ramdisk is empty: libxl cannot map it, and the guest will not start');
  await checkKernel(guest, entry, args);
  const result = { kernel: '', ramdisk: null as string | null, args: entry.args };
  const { written } = files;
  if (written === null) {
    result.kernel = `<kernel:${entry.kernel?.path ?? ''}>`;
    if (initrd !== null) result.ramdisk = `<ramdisk:${entry.initrds.map(({ path }) => path).join(' ')}>`;
  } else {
    result.kernel = written.kernel.path;
    if (initrd !== null) result.ramdisk = written.ramdisk.path;
  }
  const text = formatResult(result, args.format);
  if (written !== null) {
    if (args.decompress) await fillPlain(written.kernel, kernel, limits);
    else await written.kernel.fill(kernel, { maxSize: limits.fileSize, what: 'the kernel' });
    if (initrd !== null) await written.ramdisk.fill(initrd, { maxSize: limits.fileSize, what: 'the ramdisk' });
  }
  await files.deliver(text);
  await files.keep(initrd !== null);
}

/** Tells a person at the host, or its log, and goes on. */
async function warn(warning: string): Promise<void> {
  // Not process.stderr, which loads the network for a pipe.
  await new StreamSink(2, 'standard error').write(Buffer.from(`pygrub: warning: ${printable(warning)}\n`, 'utf8'));
}

/**
 * Says before Xen does that a kernel cannot start. To unpack a kernel for its notes takes longer than all the rest of a
 * start: that is done only where its configuration denies what is wished, or where nothing else tells and somebody asks.
 * @throws TygrubError unsupported, with `--strict`
 */
async function checkKernel(guest: Guest, entry: BootEntry, args: Arguments): Promise<void> {
  const depth = args.boot === 'any' && !args.strict ? 'glance' : 'config';
  const { problem } = await checkEntry(guest, entry, { ...wishOf(args), depth });
  if (problem === null) return;
  if (args.strict) {
    throw unsupported(problem.code, `${JSON.stringify(entry.title)} cannot start: ${problem.message}`, {
      hint: 'leave out --strict to go on',
    });
  }
  await warn(`${JSON.stringify(printable(entry.title))} may not start: ${problem.message}`);
}

/** Hands out the kernel without its packing. @throws TygrubError */
async function fillPlain(file: NewFile, kernel: ByteSource, limits: Limits): Promise<void> {
  const { plainKernel } = await import('../kernel/plain-kernel.js');
  const plain = await plainKernel(kernel, limits);
  const options = { maxSize: limits.fileSize, what: 'the kernel, decompressed,' };
  if (plain.changed) await file.fillFrom(plain.stream(), options);
  else await file.fill(kernel, options);
}

/** `-l` ends with success where there is nothing to list, as pygrub's does. */
async function list(guest: () => Promise<Guest>, args: Arguments): Promise<void> {
  if (args.kernel !== null) return; // no config is read
  try {
    await say(listedMenu(await readEntries(await guest(), args)));
  } catch (error) {
    if (!(error instanceof TygrubError) || error.kind !== 'not-found') throw error;
    process.stderr.write(`pygrub: ${printable(error.summary)}\n`);
  }
}

async function showConfig(guest: Guest, args: Arguments): Promise<void> {
  const menu = await readEntries(guest, args, CONFIG_PLACE);
  if (args.listEntries) await say(listedMenu(menu));
  const entry = await chosenOf(menu, guest, { ...args, interactive: args.interactive && !args.listEntries });
  await say(shownConfig(entry));
}

async function say(text: string): Promise<void> {
  await new StreamSink(1, 'standard output').write(Buffer.from(text, 'utf8'));
}

/** Says what failed, one `RuntimeError: ` line last on stderr: xapi shows what follows it. @returns the exit status */
function report(error: unknown): number {
  if (error instanceof UsageRequest) {
    if (error.answer !== null) process.stdout.write(`${printable(error.answer)}\n`);
    if (error.showsUsage) process.stderr.write(`${usage('pygrub')}\n`);
    if (error.status === 1) process.stderr.write(`RuntimeError: ${printable(error.message)}\n`);
    return error.status;
  }
  process.stderr.write(`RuntimeError: ${printable(reasonOf(error))}\n`);
  return error instanceof MenuQuit ? EXIT_QUIT : 1;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof TygrubError))
    return error instanceof MenuQuit || error instanceof MenuHangup ? error.message : `internal error: ${error}`;
  // The bound has another name here than in tygrub's own program, whose hints name its options.
  if (error.code === 'limit.fileSize') return `${error.message}; ${FILE_SIZE_VARIABLE} raises it for runs with --runas`;
  return error.summary;
}

async function start(): Promise<void> {
  provideNodeCodecs();
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    const status = report(error);
    if (error instanceof MenuHangup) endBySignal('SIGHUP');
    process.exit(status); // work that ran over its memory may still be at it
  }
}

void start();
