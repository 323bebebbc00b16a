/** `tygrub vhd copy`: a virtual disk into a new VHD or a raw disk. */
import { formatUuid, isZero } from '../bytes/uuid.js';
import { provideNodeCodecs } from '../codec/node-codecs.js';
import { type ContainerOptions, openContainer } from '../disk/index.js';
import { isDifferencing, openLeaf } from '../disk/vhd/index.js';
import type { CopyLayout, DiskIdentity } from '../disk/vhd-writer/index.js';
import { usageError } from '../errors.js';
import { copyDisk, type VhdCopy } from '../extract/vhd-copy.js';
import { openImage } from '../open-disk.js';
import { BlockCache } from '../source/block-cache.js';
import type { ByteSource } from '../source/byte-source.js';
import { HostFileSource } from '../source/host-file.js';
import { type Neighbours, NO_NEIGHBOURS } from '../source/neighbours.js';
import { guestOptions, limitsOf, type ReadOptions } from './options.js';
import { formatSize, print, printJson, warn } from './output.js';
import { Progress } from './progress.js';

export interface CopyCommandOptions extends ReadOptions {
  readonly layout: CopyLayout;
  readonly maxSize?: number;
  readonly newUuid?: boolean;
  readonly volume?: boolean;
  readonly verify?: boolean;
  readonly sync?: boolean;
  readonly json?: boolean;
}

/** Runs the command. @returns 0 */
export async function runVhdCopy(image: string, dest: string, options: CopyCommandOptions): Promise<number> {
  if (image === '') throw usageError('cli.empty-path', 'the source has an empty path');
  provideNodeCodecs();
  const limits = limitsOf(options);
  const { source, neighbours, folder, path } = await openImage(image, guestOptions(options));
  const reading = new Set<string>();
  if (source instanceof HostFileSource) reading.add(source.identity);
  const container: ContainerOptions = {
    limits,
    path,
    neighbours: watched(neighbours ?? NO_NEIGHBOURS, reading),
    ...(folder === undefined ? {} : { folder }),
    allowRawParent: options.allowRawParent ?? false,
    force: options.force ?? false,
  };
  try {
    const cached = new BlockCache(source, limits.cacheSize);
    const opened = await openContainer(cached, container);
    try {
      if (options.quiet !== true) for (const { message } of opened.warnings) warn(`warning: ${image}: ${message}`);
      const identity = opened.format === 'vhd' && options.newUuid !== true ? await identityOf(cached, container) : null;
      const copy = await copyWithProgress(opened.disk, dest, options, identity, reading);
      if (options.json === true) await printJson(copyJson(image, dest, opened.format, opened.disk.size, copy));
      else if (options.quiet !== true) await print(copyText(dest, copy));
      return 0;
    } finally {
      await opened.close?.();
    }
  } finally {
    await source.close?.();
  }
}

async function copyWithProgress(
  disk: ByteSource,
  dest: string,
  options: CopyCommandOptions,
  identity: DiskIdentity | null,
  reading: ReadonlySet<string>,
): Promise<VhdCopy> {
  const lines = { copy: new Progress('copying', options.quiet ?? false), verify: new Progress('comparing', options.quiet ?? false) };
  try {
    return await copyDisk(disk, dest, {
      layout: options.layout,
      maxSize: options.maxSize ?? null,
      identity,
      force: options.force ?? false,
      volume: options.volume ?? false,
      verify: options.verify ?? false,
      sync: options.sync ?? false,
      reading,
      limits: limitsOf(options),
      progress: (what, done, total) => lines[what].update(done, total),
    });
  } finally {
    lines.copy.end();
    lines.verify.end();
  }
}

/** A VHD without parents stays the same disk when it is laid out anew: its children know it by its UUID. */
async function identityOf(source: ByteSource, options: ContainerOptions): Promise<DiskIdentity | null> {
  const leaf = await openLeaf(source, options, true);
  try {
    if (leaf.vhd.layout === 'raw') return null;
    const { footer } = leaf.vhd;
    return isDifferencing(footer) || isZero(footer.uniqueId) ? null : { uuid: footer.uniqueId, timestamp: footer.timestamp };
  } finally {
    await leaf.close();
  }
}

/** The same neighbours; what is opened through them is noted. */
function watched(neighbours: Neighbours, opened: Set<string>): Neighbours {
  const { folder } = neighbours;
  return {
    async open(name) {
      const found = await neighbours.open(name);
      if (found === null) return null;
      opened.add(found.identity);
      return { ...found, neighbours: watched(found.neighbours, opened) };
    },
    list: () => neighbours.list(),
    ...(folder === undefined
      ? {}
      : {
          async folder(name: string) {
            const found = await folder.call(neighbours, name);
            return found === null ? null : { ...found, neighbours: watched(found.neighbours, opened) };
          },
        }),
  };
}

function copyJson(source: string, dest: string, format: string, sourceSize: number, copy: VhdCopy) {
  return { source, dest, sourceFormat: format, sourceSize, ...copy, uuid: copy.uuid === null ? null : formatUuid(copy.uuid) };
}

function copyText(dest: string, copy: VhdCopy): string {
  const stored = copy.allocated === null ? '' : `, ${copy.allocated} blocks of 2 MiB stored`;
  const verified = copy.verified ? '; it reads back as the source does' : '';
  return `${dest}: ${copy.layout}, a disk of ${formatSize(copy.size)}${stored}${verified}\n`;
}
