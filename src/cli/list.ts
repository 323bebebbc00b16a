/** `tygrub list`: the boot menu. */
import { type BootEntry, type BootFile, type BootMenu, readBootMenu } from '../boot/index.js';
import { printable } from '../bytes/text.js';
import type { Problem } from '../errors.js';
import type { Guest } from '../guest/guest.js';
import type { EntryCheck } from '../kernel/index.js';
import { menuJson } from './entry-json.js';
import { checkJson, checkKernel, type KernelOptions, tellProblem } from './kernel-options.js';
import { bootOptions, type MenuOptions, withGuest } from './options.js';
import { bold, print, printJson, warn } from './output.js';
import { Steps } from './progress.js';

export async function runList(images: readonly string[], options: MenuOptions & KernelOptions & { json?: boolean }): Promise<void> {
  await withGuest(images, options, async (guest) => {
    const menu = await readBootMenu(guest, bootOptions(options));
    const checks = await checkKernels(guest, menu, options);
    const chosen = menu.entries.find((entry) => entry.index === menu.default);
    const problem = (chosen === undefined ? undefined : checks.get(chosen))?.problem ?? null;
    if (chosen !== undefined && options.strict === true) tellProblem(chosen, problem, options);
    if (options.json === true) await printJson(await listJson(guest, menu, checks, problem));
    else await print(await menuText(guest, menu, checks));
    if (chosen !== undefined) tellProblem(chosen, problem, options);
    warnAboutMenu(menu, options.quiet ?? false);
  });
}

/** Looks at the kernels that the options ask for, with a line that shows how far it is. */
async function checkKernels(
  guest: Guest,
  menu: BootMenu,
  options: KernelOptions & { quiet?: boolean },
): Promise<Map<BootEntry, EntryCheck>> {
  const checks = new Map<BootEntry, EntryCheck>();
  const progress = new Steps('looking at kernels', options.quiet ?? false);
  try {
    for (const [done, entry] of menu.entries.entries()) {
      progress.update(done, menu.entries.length);
      const check = await checkKernel(guest, entry, entry.index === menu.default, options);
      if (check !== null) checks.set(entry, check);
    }
  } finally {
    progress.end();
  }
  return checks;
}

async function listJson(guest: Guest, menu: BootMenu, checks: ReadonlyMap<BootEntry, EntryCheck>, problem: Problem | null) {
  const json = menuJson(guest, menu);
  const entries: Record<string, unknown>[] = [];
  for (const [i, entry] of menu.entries.entries()) entries.push({ ...json.entries[i], ...checkJson(checks.get(entry) ?? null) });
  return { ...json, entries, problem };
}

/** The warnings of a menu, one line each on stderr. */
export function warnAboutMenu(menu: BootMenu, quiet: boolean): void {
  if (quiet) return;
  for (const w of menu.warnings) warn(`warning: ${w.file === null ? '' : `${w.file}${w.line === null ? '' : `:${w.line}`}: `}${w.message}`);
}

/** The menu for people: the default first in meaning, one entry in three short lines. */
async function menuText(guest: Guest, menu: BootMenu, checks: ReadonlyMap<BootEntry, EntryCheck>): Promise<string> {
  const image = guest.disks.map((disk) => printable(disk.path)).join(' ');
  const place =
    menu.config === null ? 'no boot config: these are guesses' : `${menu.config.dialect} ${menu.config.volume}:${menu.config.path}`;
  const timeout = menu.timeout === null ? '' : `, timeout ${menu.timeout} s`;
  const lines = [`${image} (${guest.disks[0]?.container.format ?? ''}): ${printable(place)}${timeout}`, ''];
  for (const entry of menu.entries) {
    lines.push(...entryText(entry, entry.index === menu.default));
    const check = checks.get(entry);
    if (check === undefined) continue;
    if (check.short !== null) lines.push(`      ${printable(check.short)}`);
    if (check.problem !== null) lines.push(`      MAY NOT START: ${printable(check.problem.message)}`);
  }
  lines.push('', menu.default === null ? 'No entry is the default.' : '* is the entry that boots by default.');
  return `${lines.join('\n')}\n`;
}

/** One entry for people. */
export function entryText(entry: BootEntry, isDefault: boolean): string[] {
  const title = printable([...entry.submenus, entry.title].join(' > '));
  const head = `${isDefault ? '*' : ' '}${String(entry.index).padStart(3)}  ${isDefault ? bold(title) : title}`;
  const files: string[] = [];
  if (entry.hypervisor !== null) files.push(`${fileText(entry.hypervisor)} ${entry.hypervisor.args}`.trim());
  if (entry.kernel !== null) files.push(fileText(entry.kernel));
  for (const initrd of entry.initrds) files.push(fileText(initrd));
  const lines = [head];
  if (files.length > 0) lines.push(`      ${printable(files.join('  '))}`);
  if (entry.args !== '') lines.push(`      ${printable(entry.args)}`);
  if (entry.kind === 'other' && entry.problem === null) lines.push('      boots no Linux kernel');
  if (entry.problem !== null) lines.push(`      PROBLEM: ${printable(entry.problem.message)}`);
  return lines;
}

function fileText(file: BootFile): string {
  return `${file.volume}:${file.path}${file.part === null ? '' : ` ${file.part}`}`;
}
