/** `tygrub list`: the boot menu. */
import { type BootEntry, type BootFile, type BootMenu, readBootMenu } from '../boot/index.js';
import { printable } from '../bytes/text.js';
import type { Guest } from '../guest/guest.js';
import { menuJson } from './entry-json.js';
import { bootOptions, type MenuOptions, withGuest } from './options.js';
import { bold, print, printJson, warn } from './output.js';

export async function runList(images: readonly string[], options: MenuOptions & { json?: boolean }): Promise<void> {
  await withGuest(images, options, async (guest) => {
    const menu = await readBootMenu(guest, bootOptions(options));
    if (options.json === true) await printJson(menuJson(guest, menu));
    else await print(menuText(guest, menu));
    warnAboutMenu(menu, options.quiet ?? false);
  });
}

/** The warnings of a menu, one line each on stderr. */
export function warnAboutMenu(menu: BootMenu, quiet: boolean): void {
  if (quiet) return;
  for (const w of menu.warnings) warn(`warning: ${w.file === null ? '' : `${w.file}${w.line === null ? '' : `:${w.line}`}: `}${w.message}`);
}

/** The menu for people: the default first in meaning, one entry in three short lines. */
function menuText(guest: Guest, menu: BootMenu): string {
  const image = guest.disks.map((disk) => printable(disk.path)).join(' ');
  const place =
    menu.config === null ? 'no boot config: these are guesses' : `${menu.config.dialect} ${menu.config.volume}:${menu.config.path}`;
  const timeout = menu.timeout === null ? '' : `, timeout ${menu.timeout} s`;
  const lines = [`${image} (${guest.disks[0]?.container.format ?? ''}): ${printable(place)}${timeout}`, ''];
  for (const entry of menu.entries) lines.push(...entryText(entry, entry.index === menu.default));
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
