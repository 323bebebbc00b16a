/** `-l`: the entries as pygrub lists them, and `--isconfig`. */
import type { BootEntry, BootMenu } from '../boot/index.js';
import { printable } from '../bytes/text.js';

/** The entries that a config has, one after the other. */
export function listedMenu(menu: BootMenu): string {
  const listed = menu.entries.filter(({ guess }) => !guess);
  return listed.map((entry) => listedEntry(entry, menu.config?.dialect ?? null)).join('');
}

/**
 * An entry as `pygrub -l` prints it; its place in the list is what `--entry` takes.
 * @param dialect of the config: entries of syslinux have no root device at all, and arguments also where they are empty
 */
function listedEntry(entry: BootEntry, dialect: string | null): string {
  const initrds = entry.initrds.map(({ path }) => path).join(' ');
  const isSyslinux = dialect === 'syslinux';
  const noArgs = isSyslinux && /^\s*append\s/im.test(entry.commands) ? '' : 'None';
  const rows = [
    `title: ${entry.title}`,
    `  root: ${isSyslinux ? '' : (rootOf(entry) ?? 'None')}`,
    `  kernel: ${entry.kernel?.path ?? 'None'}`,
    `  args: ${entry.args === '' ? noArgs : entry.args}`,
    `  initrd: ${initrds === '' ? 'None' : initrds}`,
  ];
  return rows.map((row) => `${printable(row)}\n`).join('');
}

/** What `--isconfig` prints about the entry that would boot. */
export function shownConfig(entry: BootEntry): string {
  const rows = [`  kernel: ${entry.kernel?.path ?? 'None'}`];
  if (entry.initrds.length > 0) rows.push(`  initrd: ${entry.initrds.map(({ path }) => path).join(' ')}`);
  rows.push(`  args: ${entry.args}`);
  return rows.map((row) => `${printable(row)}\n`).join('');
}

/** The root device that an entry sets, in pygrub's spelling: `set root='hd0,msdos1'` is `d0p1`; null where it sets none. */
function rootOf(entry: BootEntry): string | null {
  let root: string | null = null;
  for (const line of entry.commands.split('\n')) {
    const [command = '', argument = ''] = line.trim().split(/\s+/, 2);
    const device =
      command === 'set' && argument.startsWith('root=')
        ? argument.slice('root='.length)
        : command === 'root' || command === 'rootnoverify'
          ? argument
          : null;
    const match = device === null ? null : /^hd(\d{1,4})(?:,(?:msdos|gpt)?(\d{1,4}))?$/.exec(device.replaceAll(/["'()]/g, ''));
    if (match !== null) root = `d${match[1]}${match[2] === undefined ? '' : `p${match[2]}`}`;
  }
  return root;
}
