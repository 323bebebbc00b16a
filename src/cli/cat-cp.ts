/** `tygrub cat` and `tygrub cp`: files out of the image. */
import { chmodSync, existsSync, mkdirSync, statSync, symlinkSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { FileNode } from '../../fs-readers/index.js';
import { decodeUtf8, encodeUtf8, nameText } from '../bytes/text.js';
import { problemOf, TygrubError, usageError } from '../errors.js';
import { copySource, NewFile, StreamSink } from '../extract/index.js';
import { hostError } from '../source/host-file.js';
import { chosenVolume, type FileOptions, find } from './ls.js';
import { limitsOf, withGuest } from './options.js';
import { warn } from './output.js';
import { Progress } from './progress.js';
import { sortedEntries } from './walk.js';

export async function runCat(image: string, paths: readonly string[], options: FileOptions): Promise<void> {
  await withGuest([image], options, async (guest) => {
    const volume = await chosenVolume(guest, options);
    for (const path of paths) {
      const { node, path: where } = await find(guest, volume, path, true);
      if (node.type !== 'f') throw usageError('cat.not-a-file', `${where} is not a regular file`);
      await copySource(await node.open(), new StreamSink(1, 'standard output'), { maxSize: limitsOf(options).fileSize, what: where });
    }
  });
}

export interface CopyCommandOptions extends FileOptions {
  readonly recursive?: boolean;
}

/** @returns how many files could not be copied */
export async function runCp(image: string, paths: readonly string[], options: CopyCommandOptions): Promise<number> {
  const sources = paths.slice(0, -1);
  const destination = paths[paths.length - 1];
  if (destination === undefined || sources.length === 0)
    throw usageError('cp.missing-argument', 'cp needs a path in the image and a destination');
  return withGuest([image], options, async (guest) => {
    const volume = await chosenVolume(guest, options);
    const copier = new TreeCopier(options);
    const into = existsSync(destination) && statSync(destination).isDirectory();
    if (sources.length > 1 && !into)
      throw usageError('cp.not-a-directory', `${destination} is not a directory, but several files are to be copied`);
    for (const path of sources) {
      const { node, path: where } = await find(guest, volume, path, options.recursive !== true);
      const name = where === '/' ? '' : basename(where);
      // A name from the disk becomes a name on the host only after the check that every other name gets as well.
      const target = into && name !== '' ? join(destination, hostName(encodeUtf8(name))) : destination;
      await copier.copy(node, where, target, into && name === '', 0);
    }
    return copier.failures;
  });
}

/**
 * A name from the disk as a name on the host. Readers never give `/` or NUL; `.` and `..` would leave the destination.
 * @throws TygrubError corrupt
 */
function hostName(name: Uint8Array): string {
  const text = decodeUtf8(name) ?? nameText(name);
  if (text === '' || text === '.' || text === '..' || text.includes('/') || text.includes('\0')) {
    throw new TygrubError('corrupt', 'cp.bad-name', `the name ${JSON.stringify(text)} cannot be a file on the host`);
  }
  return text;
}

/** Copies trees. Everything it writes is new: an existing file, or a link that the disk planted before, is never followed. */
class TreeCopier {
  failures = 0;
  private readonly limits;

  constructor(private readonly options: CopyCommandOptions) {
    this.limits = limitsOf(options);
  }

  async copy(node: FileNode, where: string, target: string, mayExist: boolean, depth: number): Promise<void> {
    if (node.type === 'f') return this.copyFile(node, where, target);
    if (this.options.recursive !== true)
      throw usageError('cp.not-a-file', `${where} is not a regular file`, { hint: 'copy directories and links with -r' });
    if (node.type === 'l') return this.copyLink(node, where, target);
    if (node.type !== 'd') {
      this.failed(where, 'it is a device, a pipe or a socket, and is left out');
      return;
    }
    if (depth >= this.limits.walkDepth) throw usageError('cp.too-deep', `${where} is nested more than ${this.limits.walkDepth} deep`);
    try {
      mkdirSync(target, 0o700);
    } catch (error) {
      if (!(mayExist && statSync(target).isDirectory())) throw hostError(error, `${target} cannot be created`);
    }
    const { names, problem } = await sortedEntries(node);
    for (const entry of names) {
      const below = `${where === '/' ? '' : where}/${nameText(entry.name)}`;
      try {
        await this.copy(await entry.node(), below, join(target, hostName(entry.name)), false, depth + 1);
      } catch (error) {
        if (!(error instanceof TygrubError) || error.code === 'host.enospc') throw error;
        this.failed(below, problemOf(error).message);
      }
    }
    if (problem !== null) this.failed(where, problem.message);
    if (!mayExist) chmodSync(target, 0o700 | (node.mode & 0o055));
  }

  private async copyFile(node: FileNode, where: string, target: string): Promise<void> {
    const source = await node.open();
    const file = NewFile.create(target);
    const progress = new Progress(basename(target), this.options.quiet ?? false);
    try {
      await file.fill(source, { maxSize: this.limits.fileSize, what: where, progress: (done) => progress.update(done, source.size) });
      chmodSync(target, 0o600 | (node.mode & 0o155));
      file.keep();
    } catch (error) {
      file.discard();
      throw error;
    } finally {
      progress.end();
    }
  }

  private async copyLink(node: FileNode, where: string, target: string): Promise<void> {
    const text = await node.readLink();
    try {
      symlinkSync(Buffer.from(text), resolve(target));
    } catch (error) {
      throw hostError(error, `${where} cannot become the link ${target}`);
    }
  }

  private failed(where: string, reason: string): void {
    this.failures += 1;
    warn(`tygrub: ${where}: ${reason}`);
  }
}
