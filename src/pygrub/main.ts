#!/usr/bin/env node
/** `tygrub-pygrub`: what a Xen toolstack runs in pygrub's place. */
import { randomBytes } from 'node:crypto';
import { closeSync, constants, ftruncateSync, mkdirSync, openSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import minimist from 'minimist';
import { findEntry, readBootMenu } from '../boot/index.js';
import { printable } from '../bytes/text.js';
import { notFound, TygrubError, usageError } from '../errors.js';
import { extractEntry, StreamSink } from '../extract/index.js';
import { openDisk } from '../open-disk.js';
import { hostError } from '../source/host-file.js';
import { formatResult, type OutputFormat } from './result.js';

/** Where pygrub puts its files unless it is told otherwise; xenopsd accepts no other place. */
const DEFAULT_DIRECTORY = '/var/run/xen/pygrub';

const FLAGS = ['quiet', 'interactive', 'list-entries', 'not-really', 'help', 'isconfig', 'debug'];
const VALUES = ['output', 'output-format', 'output-directory', 'entry', 'kernel', 'ramdisk', 'args', 'offset', 'runas', 'domid', 'vm'];

async function main(argv: readonly string[]): Promise<void> {
  const args = minimist([...argv], {
    boolean: [...FLAGS, 'q', 'i', 'l', 'n', 'h'],
    string: [...VALUES, '_'],
    unknown: (name) => {
      if (name.startsWith('-')) throw usageError('pygrub.option', `unknown option ${name}`);
      return true;
    },
  });
  const value = (name: string): string | undefined => {
    const found: unknown = args[name];
    const last: unknown = Array.isArray(found) ? found[found.length - 1] : found;
    return typeof last === 'string' ? last : undefined;
  };
  const image = args._.find((positional) => positional !== '');
  if (image === undefined) throw usageError('pygrub.no-image', 'no disk image was given');
  const format = outputFormat(value('output-format') ?? 'sxp');
  const outputDirectory = value('output-directory') ?? DEFAULT_DIRECTORY;
  prepareDirectory(outputDirectory, value('output-directory') !== undefined);

  const guest = await openDisk(image);
  try {
    const menu = await readBootMenu(guest);
    const wanted = value('entry');
    const entry = wanted === undefined ? menu.entries.find((e) => e.index === menu.default) : findEntry(menu, wanted);
    if (entry === undefined) throw notFound('pygrub.no-default', 'the boot menu has no entry that boots by default');
    const result = await extractEntry(entry, {
      outputDirectory: resolve(outputDirectory),
      kernelName: `boot_kernel.${randomName()}`,
      initrdName: `boot_ramdisk.${randomName()}`,
      limits: guest.limits,
      untilKept: true,
    });
    const more = value('args');
    const text = formatResult(
      {
        kernel: result.kernel.path,
        ramdisk: result.initrd?.path ?? null,
        args: more === undefined ? result.args : `${result.args} ${more}`,
      },
      format,
    );
    await deliver(text, value('output') ?? '-');
    result.keep();
  } finally {
    await guest.close();
  }
}

function outputFormat(text: string): OutputFormat {
  if (text === 'sxp' || text === 'simple' || text === 'simple0') return text;
  throw usageError('pygrub.output-format', `unknown output format ${text}`, { hint: 'sxp, simple and simple0 are known' });
}

function prepareDirectory(path: string, mustExist: boolean): void {
  try {
    if (!mustExist) mkdirSync(path, { recursive: true, mode: 0o700 });
    if (!statSync(path).isDirectory()) throw usageError('pygrub.output-directory', `${path} is not a directory`);
  } catch (error) {
    throw hostError(error, `the output directory ${path} cannot be used`);
  }
}

/** Eight characters of [a-z0-9_], as Python's tempfile makes them. */
function randomName(): string {
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789_';
  return Array.from(randomBytes(8), (byte) => letters[byte % letters.length]).join('');
}

async function deliver(text: string, output: string): Promise<void> {
  const bytes = Buffer.from(text, 'utf8');
  if (output === '-') return new StreamSink(1, 'standard output').write(bytes);
  let fd: number;
  try {
    fd = openSync(output, constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  } catch (error) {
    throw hostError(error, `the output file ${output} cannot be opened`);
  }
  try {
    await new StreamSink(fd, output).write(bytes);
    const stat = statSync(output);
    if (stat.isFile()) ftruncateSync(fd, bytes.length);
  } finally {
    closeSync(fd);
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const reason = error instanceof TygrubError ? error.summary : `internal error: ${error}`;
  process.stderr.write(`RuntimeError: ${printable(reason)}\n`);
  process.exitCode = 1;
});
