/** What `tygrub kernel` finds out and prints. */
import { existsSync, statSync } from 'node:fs';
import { resolvePath } from '../../fs-readers/path.js';
import { printable } from '../bytes/text.js';
import { provideNodeCodecs } from '../codec/node-codecs.js';
import { notFound, type Problem, unsupported, usageError } from '../errors.js';
import { canBoot, type InitrdInfo, identifyInitrd, identifyKernel, type KernelInfo, shortForm } from '../kernel/index.js';
import type { ByteSource } from '../source/byte-source.js';
import { HostFileSource } from '../source/host-file.js';
import { bootWish, type KernelOptions } from './kernel-options.js';
import { limitsOf, type ReadOptions, withGuest } from './options.js';
import { columns, formatSize, print, printJson, warn } from './output.js';

export interface KernelCommandOptions extends ReadOptions, KernelOptions {
  readonly volume?: string;
  readonly header?: boolean;
  readonly json?: boolean;
}

/** Says what a file on the host or in an image is. */
export async function runKernel(what: string, options: KernelCommandOptions): Promise<void> {
  const place = splitPlace(what);
  if (place.path === null) {
    provideNodeCodecs();
    const source = HostFileSource.open(place.file);
    try {
      await report(what, source, options);
    } finally {
      await source.close();
    }
    return;
  }
  const path = place.path;
  await withGuest([place.file], options, async (guest) => {
    const volume = options.volume === undefined ? await guest.onlyFilesystem() : await guest.volume(options.volume);
    const filesystem = await volume.filesystem();
    if (filesystem === null) throw notFound('kernel.no-filesystem', `${volume.name} has no filesystem that tygrub knows`);
    const { node } = await resolvePath(filesystem, path, guest.limits);
    if (node.type !== 'f')
      throw usageError('kernel.not-a-file', `${path} is ${node.type === 'd' ? 'a directory' : 'no regular file'}, not a kernel`);
    await report(what, await node.open(), options);
  });
}

/** `IMAGE:PATH` or a file: the longest name that exists on the host comes first, so that colons in names do no harm. */
function splitPlace(what: string): { readonly file: string; readonly path: string | null } {
  if (existsSync(what)) {
    if (statSync(what).isDirectory()) throw usageError('kernel.directory', `${what} is a directory, not a kernel`);
    return { file: what, path: null };
  }
  for (let colon = what.lastIndexOf(':'); colon > 0; colon = what.lastIndexOf(':', colon - 1)) {
    const file = what.slice(0, colon);
    if (existsSync(file)) return { file, path: what.slice(colon + 1) };
  }
  throw notFound('kernel.no-file', `there is no file ${what}`, { hint: 'name a file, or IMAGE:PATH for a file in a disk image' });
}

async function report(what: string, source: ByteSource, options: KernelCommandOptions): Promise<void> {
  const limits = limitsOf(options);
  const info = await identifyKernel(source, { limits, depth: options.header === true ? 'header' : 'notes' });
  // What is no kernel may be an initrd: that is unpacked to its end, to say whether it is complete.
  const initrd = info.format === 'none' ? await identifyInitrd(source, { limits, verify: options.header !== true }) : null;
  const isInitrd = initrd?.parts.some((part) => part.kind !== 'unknown') ?? false;
  const problem = isInitrd ? (initrd?.problem ?? null) : canBoot(info, bootWish(options));
  if (options.json === true) {
    await printJson({
      file: what,
      size: source.size,
      short: isInitrd ? (initrd?.description ?? '') : shortForm(info),
      kernel: isInitrd ? null : info,
      initrd: isInitrd ? initrd : null,
      problem,
    });
  } else await print(`${columns(isInitrd && initrd !== null ? initrdRows(what, initrd, source.size) : kernelRows(what, info))}\n`);
  if (problem === null) return;
  if (options.strict === true) throw unsupported(problem.code, `${what} cannot start: ${problem.message}`);
  if (options.quiet !== true) warn(`warning: ${what}: ${problem.message}`);
}

/** The rows that have something to say. */
function rows(pairs: readonly (readonly [string, string | null])[]): string[][] {
  return pairs.filter(([, value]) => value !== null && value !== '').map(([name, value]) => [name, printable(value ?? '')]);
}

function answer(can: boolean, problem: Problem | null): string {
  return can ? 'yes' : `no: ${problem?.message ?? ''}`;
}

function kernelRows(what: string, info: KernelInfo): string[][] {
  const { payload, xen } = info;
  const packed = info.wrappers.map((w) => `${w.kind}${w.compression === null ? '' : ` (${w.compression})`}`).join(', ');
  const size = payload?.uncompressedSize ?? null;
  const isXen = info.os === 'xen';
  return rows([
    ['file', what],
    ['what', info.description],
    ['version', info.version ?? info.release],
    ['architecture', info.architecture],
    ['packed in', packed],
    ['EFI', info.efiStub ? 'yes' : null],
    ['multiboot', info.multiboot.join(', ')],
    [
      'payload',
      payload === null
        ? null
        : `${payload.compression ?? 'unknown compression'}, ${formatSize(payload.size)} at byte ${payload.offset}${size === null ? '' : `, becomes ${formatSize(size)}`}`,
    ],
    ['PV', xen === null || isXen ? null : `${answer(xen.pv, xen.pvProblem)}${xen.guestType === null ? '' : ` (${xen.guestType})`}`],
    ['PVH', xen === null || isXen ? null : answer(xen.pvh, xen.pvhProblem)],
    ['guest', xen === null ? null : [xen.guestOs, xen.guestVersion, xen.loader, xen.xenVersion].filter((word) => word !== '').join(', ')],
    ['PAE', xen === null || xen.source === 'none' || xen.bits === 64 ? null : xen.pae],
    ['features', xen === null ? null : xen.features.supported.join(', ')],
    ['required', xen === null ? null : xen.features.required.join(', ')],
    ['entry', xen?.entry ?? null],
    ['PVH entry', xen?.physEntry ?? null],
    ['hypercall page', xen?.hypercallPage ?? null],
    ['virtual base', xen?.virtBase ?? null],
    ['notes from', xen === null || xen.source === 'none' ? null : xen.source],
    ['problem', info.problem?.message ?? null],
  ]);
}

function initrdRows(what: string, info: InitrdInfo, size: number): string[][] {
  const complete = info.truncated === null ? null : info.truncated ? 'no, it is cut off' : 'yes';
  return rows([
    ['file', what],
    ['what', `initrd: ${info.description}`],
    ['size', formatSize(size)],
    ...info.parts.map((part, i): readonly [string, string] => [
      `part ${i + 1}`,
      `${part.microcode ? 'microcode' : part.kind}${part.compression === null ? '' : `, ${part.compression}`}, ${formatSize(part.size)} at byte ${part.offset}${part.entries === null ? '' : `, ${part.entries} entries`}`,
    ]),
    ['complete', complete],
    ['problem', info.problem?.message ?? null],
  ]);
}
