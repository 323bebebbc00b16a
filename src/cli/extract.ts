/** `tygrub extract`: kernel and initrd of an entry become files. */
import { type BootEntry, findEntry, readBootMenu } from '../boot/index.js';
import { printable } from '../bytes/text.js';
import { notFound } from '../errors.js';
import { extractEntry } from '../extract/index.js';
import type { Guest } from '../guest/guest.js';
import { entryJson } from './entry-json.js';
import { checkJson, checkKernel, type KernelOptions, tellProblem } from './kernel-options.js';
import { warnAboutMenu } from './list.js';
import { bootOptions, limitsOf, type MenuOptions, withGuest } from './options.js';
import { columns, formatSize, print, printJson } from './output.js';
import { Progress } from './progress.js';

export interface ExtractCommandOptions extends MenuOptions, KernelOptions {
  readonly entry?: string;
  readonly outputDirectory?: string;
  readonly json?: boolean;
}

export async function runExtract(images: readonly string[], options: ExtractCommandOptions): Promise<void> {
  await withGuest(images, options, async (guest) => {
    const menu = await readBootMenu(guest, bootOptions(options));
    const entry = options.entry === undefined ? menu.entries.find((e) => e.index === menu.default) : findEntry(menu, options.entry);
    if (entry === undefined) {
      throw notFound('extract.no-default', 'the boot menu has no entry that boots by default', {
        hint: `choose one of ${menu.entries.length} with --entry; tygrub list shows them`,
      });
    }
    await extractAndTell(guest, entry, options);
    warnAboutMenu(menu, options.quiet ?? false);
  });
}

/** Extracts an entry and says where its files are; they stay when that was said. */
export async function extractAndTell(guest: Guest, entry: BootEntry, options: ExtractCommandOptions): Promise<void> {
  const check = await checkKernel(guest, entry, true, options);
  if (options.strict === true) tellProblem(entry, check?.problem ?? null, options);
  const progress = new Progress('extracting', options.quiet ?? false);
  let result: Awaited<ReturnType<typeof extractEntry>>;
  try {
    result = await extractEntry(entry, {
      outputDirectory: options.outputDirectory ?? '.',
      limits: limitsOf(options),
      untilKept: true,
      decompress: options.decompress ?? false,
      progress: (done, total) => progress.update(done, total),
    });
  } finally {
    progress.end();
  }
  if (options.json === true) {
    await printJson({
      image: guest.disks[0]?.path ?? null,
      entry: entryJson(entry),
      kernel: result.kernel.path,
      initrd: result.initrd?.path ?? null,
      args: result.args,
      ...checkJson(check),
      problem: check?.problem ?? null,
    });
  } else {
    const rows = [
      ['entry', printable([...entry.submenus, entry.title].join(' > '))],
      ['kernel', `${result.kernel.path}  ${formatSize(result.kernel.size)}`],
      ...(result.initrd === null ? [] : [['initrd', `${result.initrd.path}  ${formatSize(result.initrd.size)}`]]),
      ['args', printable(result.args)],
      ...(check?.short == null ? [] : [['boots', printable(check.short)]]),
    ];
    await print(`${columns(rows)}\n`);
  }
  result.keep();
  tellProblem(entry, check?.problem ?? null, options);
}
