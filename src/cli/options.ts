/** Options that several commands share, and what they mean to the library. */
import { type Command, InvalidArgumentError } from 'commander';
import type { BootOptions } from '../boot/index.js';
import { usageError } from '../errors.js';
import type { Guest, GuestOptions } from '../guest/guest.js';
import { DEFAULT_LIMITS, type Limits, withLimits } from '../limits.js';
import { openDisk } from '../open-disk.js';
import { warn } from './output.js';

/** Options of every command that reads images. */
export interface ReadOptions {
  readonly disk?: readonly string[];
  readonly journal?: boolean;
  readonly ignoreChecksums?: boolean;
  readonly parentDir?: readonly string[];
  readonly allowAnyParent?: boolean;
  readonly allowRawParent?: boolean;
  readonly force?: boolean;
  readonly limit?: Partial<Limits>;
  readonly quiet?: boolean;
}

/** Options of every command that reads a boot menu. */
export interface MenuOptions extends ReadOptions {
  readonly config?: string;
  readonly grubFlavour?: 'upstream' | 'redhat';
  readonly platform?: string;
  readonly guess?: boolean;
}

/** `512`, `64K`, `1.5G`: bytes with a binary unit. */
export function parseSize(text: string): number {
  const match = /^(\d{1,15}(?:\.\d{1,6})?)\s*([KMGTP]?)(?:i?B)?$/i.exec(text.trim());
  if (match === null) throw new InvalidArgumentError('a number of bytes is expected, such as 4096, 512K or 2G');
  const unit = ['', 'K', 'M', 'G', 'T', 'P'].indexOf((match[2] ?? '').toUpperCase());
  return Math.floor(Number(match[1]) * 1024 ** unit);
}

/** `name=value` of `--limit`, added to those before. */
export function parseLimit(text: string, before: Partial<Limits> | undefined): Partial<Limits> {
  const [name = '', value = ''] = text.split('=', 2);
  if (!Object.hasOwn(DEFAULT_LIMITS, name)) {
    throw new InvalidArgumentError(`there is no bound ${name}; the bounds are ${Object.keys(DEFAULT_LIMITS).join(', ')}`);
  }
  return { ...before, [name]: parseSize(value) };
}

function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

/** Adds the options of commands that read images. */
export function addReadOptions(command: Command): Command {
  return command
    .option('--no-journal', 'read filesystems as they are on the disk, without replaying their journals')
    .option('--ignore-checksums', 'go on where a filesystem checksum is wrong')
    .option('--parent-dir <dir>', 'a directory where parents of differencing disks may lie (repeatable)', collect)
    .option('--allow-any-parent', 'follow parent paths wherever they lead')
    .option('--allow-raw-parent', 'let a raw disk be the parent of a VHD')
    .option('--force', 'go on where a checksum of the container is wrong')
    .option('--limit <name=value>', 'change a bound of src/limits.ts, such as fileSize=2G (repeatable)', parseLimit)
    .option('--quiet', 'no warnings, no progress');
}

/** Adds the options of commands that read a boot menu. */
export function addMenuOptions(command: Command): Command {
  return addReadOptions(command)
    .option('--config <volume:path>', 'read this boot config instead of searching for one')
    .option('--grub-flavour <flavour>', "whose GRUB 2's rules apply: upstream or redhat (default: told from the disk)", (value) => {
      if (value !== 'upstream' && value !== 'redhat') throw new InvalidArgumentError('upstream or redhat is expected');
      return value;
    })
    .option('--platform <name>', 'what a GRUB script sees as grub_platform (default: pc)')
    .option('--guess', 'offer kernels found in /boot where there is no boot config');
}

/** The limits that the options ask for. */
export function limitsOf(options: ReadOptions): Limits {
  return withLimits(options.limit ?? {});
}

/** The library's options for opening images. */
export function guestOptions(options: ReadOptions): GuestOptions {
  return {
    limits: limitsOf(options),
    noJournal: options.journal === false,
    ignoreChecksums: options.ignoreChecksums ?? false,
    parentDirs: options.parentDir ?? [],
    allowAnyParent: options.allowAnyParent ?? false,
    allowRawParent: options.allowRawParent ?? false,
    force: options.force ?? false,
  };
}

/** The library's options for reading a menu. */
export function bootOptions(options: MenuOptions): BootOptions {
  return {
    ...(options.config === undefined ? {} : { config: options.config }),
    ...(options.grubFlavour === undefined ? {} : { grubFlavour: options.grubFlavour }),
    ...(options.platform === undefined ? {} : { platform: options.platform }),
    ...(options.guess === undefined ? {} : { guess: options.guess }),
  };
}

/** Opens the images, runs `work` and closes them again; warnings about the disks go to stderr. */
export async function withGuest<T>(images: readonly string[], options: ReadOptions, work: (guest: Guest) => Promise<T>): Promise<T> {
  if (images.some((image) => image === '')) throw usageError('cli.empty-path', 'the image has an empty path');
  const guest = await openDisk([...images, ...(options.disk ?? [])], guestOptions(options));
  try {
    const result = await work(guest);
    if (options.quiet !== true) {
      for (const disk of guest.disks) for (const w of disk.warnings) warn(`warning: ${disk.path}: ${w.message}${hint(w.hint)}`);
      for (const w of guest.warnings) warn(`warning: ${w.message}${hint(w.hint)}`);
    }
    return result;
  } finally {
    await guest.close();
  }
}

function hint(text: string | undefined): string {
  return text === undefined ? '' : `; ${text}`;
}
