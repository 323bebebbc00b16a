/** `tygrub inspect`: container, partitions, filesystems and boot configs as a tree. */
import { type BootEntry, type BootMenu, type ConfigCandidate, findConfigs, readBootMenu } from '../boot/index.js';
import { printable } from '../bytes/text.js';
import { TygrubError } from '../errors.js';
import type { Guest, GuestDisk, GuestVolume } from '../guest/guest.js';
import type { EntryCheck } from '../kernel/index.js';
import { checkJson, checkKernel, type KernelOptions, tellProblem } from './kernel-options.js';
import { bootOptions, type MenuOptions, withGuest } from './options.js';
import { bold, formatSize, print, printJson, unicode } from './output.js';

export async function runInspect(images: readonly string[], options: MenuOptions & KernelOptions & { json?: boolean }): Promise<void> {
  await withGuest(images, options, async (guest) => {
    const configs = await findConfigs(guest, bootOptions(options));
    const boots = await chosenEntry(guest, options);
    if (boots !== null && options.strict === true) tellProblem(boots.entry, boots.check?.problem ?? null, options);
    if (options.json === true) await printJson({ ...(await guestJson(guest, configs)), boots: await bootsJson(boots) });
    else await print(`${await guestText(guest, configs)}${await bootsText(boots)}`);
    if (boots !== null) tellProblem(boots.entry, boots.check?.problem ?? null, options);
  });
}

/** The entry that boots by default, with what its kernel is. */
interface Chosen {
  readonly entry: BootEntry;
  readonly check: EntryCheck | null;
}

/** A disk without a boot config is inspected all the same: there is then nothing to say about a kernel. */
async function chosenEntry(guest: Guest, options: MenuOptions & KernelOptions): Promise<Chosen | null> {
  if (options.kernels === false) return null;
  let menu: BootMenu;
  try {
    menu = await readBootMenu(guest, bootOptions(options));
  } catch (error) {
    if (error instanceof TygrubError && error.kind !== 'io') return null;
    throw error;
  }
  const entry = menu.entries.find((item) => item.index === menu.default);
  return entry === undefined ? null : { entry, check: await checkKernel(guest, entry, true, options) };
}

async function bootsJson(boots: Chosen | null) {
  if (boots === null) return null;
  const { entry, check } = boots;
  return { index: entry.index, title: entry.title, kernel: entry.kernel?.path ?? null, ...checkJson(check) };
}

async function bootsText(boots: Chosen | null): Promise<string> {
  if (boots === null) return '';
  const title = printable([...boots.entry.submenus, boots.entry.title].join(' > '));
  const short = boots.check?.short == null ? '' : `: ${printable(boots.check.short)}`;
  return `boots ${title}${short}\n`;
}

async function volumeJson(item: GuestVolume) {
  const { volume } = item;
  const { filesystem, problem } = await item.inspect();
  return {
    name: item.name,
    start: volume.start,
    size: volume.size,
    type: volume.type,
    active: volume.active,
    uuid: volume.uuid,
    label: volume.label,
    filesystem:
      filesystem === null ? null : { type: filesystem.type, uuid: filesystem.uuid, label: filesystem.label, state: filesystem.state },
    problem,
  };
}

async function guestJson(guest: Guest, configs: readonly ConfigCandidate[]) {
  const first = guest.disks[0];
  const volumes = [];
  for (const item of guest.volumes) volumes.push(await volumeJson(item));
  const disks = guest.disks.map((disk) => ({
    image: disk.path,
    container: disk.container.format,
    description: disk.container.description,
    size: disk.container.disk.size,
    table: disk.table,
    sectorSize: disk.sectorSize,
    warnings: disk.warnings,
  }));
  return {
    image: first?.path ?? null,
    container: first?.container.format ?? null,
    size: first?.container.disk.size ?? 0,
    table: first?.table ?? null,
    volumes,
    configs,
    ...(disks.length > 1 ? { disks } : {}),
    warnings: [...guest.disks.flatMap((disk) => disk.warnings), ...guest.warnings],
  };
}

interface Branch {
  readonly text: string;
  readonly children: readonly Branch[];
}

async function guestText(guest: Guest, configs: readonly ConfigCandidate[]): Promise<string> {
  const lines: string[] = [];
  for (const disk of guest.disks) {
    lines.push(bold(printable(disk.path)), ...draw([await diskBranch(guest, disk, configs)]));
  }
  const managed = guest.volumes.filter((item) => item.volume.start === null);
  if (managed.length > 0) {
    const children: Branch[] = [];
    for (const item of managed) children.push(await volumeBranch(item, configs));
    lines.push('volumes made of several', ...draw(children));
  }
  return `${lines.join('\n')}\n`;
}

async function diskBranch(guest: Guest, disk: GuestDisk, configs: readonly ConfigCandidate[]): Promise<Branch> {
  const description = disk.container.description === '' ? '' : ` (${disk.container.description})`;
  const table = disk.table === null ? 'no partition table' : `${disk.table} partition table`;
  const children: Branch[] = [];
  for (const item of guest.volumes) if (disk.volumes.includes(item)) children.push(await volumeBranch(item, configs));
  return {
    text: `${disk.container.format}${description}, ${formatSize(disk.container.disk.size)}`,
    children: [{ text: table, children }],
  };
}

async function volumeBranch(item: GuestVolume, configs: readonly ConfigCandidate[]): Promise<Branch> {
  const { volume } = item;
  const { filesystem, problem, reason } = await item.inspect();
  const type = volume.type === null ? '' : `  type ${volume.type}`;
  const label = volume.label === null || volume.label === '' ? '' : `  ${JSON.stringify(volume.label)}`;
  const text = `${item.name}  ${formatSize(volume.size)}${type}${volume.active ? '  active' : ''}${label}`;
  const children: Branch[] = [];
  if (filesystem !== null) {
    const parts = [
      filesystem.type,
      filesystem.uuid,
      filesystem.label === null || filesystem.label === '' ? null : JSON.stringify(filesystem.label),
    ];
    const state = filesystem.state === '' ? '' : `  (${filesystem.state})`;
    children.push({ text: `${parts.filter((part) => part !== null).join('  ')}${state}`, children: [] });
    for (const w of filesystem.warnings) children.push({ text: `warning: ${w.message}`, children: [] });
    for (const config of configs) if (config.volume === item.name) children.push(configBranch(config));
  } else {
    children.push({ text: problem === null || NO_FAULT.has(problem.code) ? reason : `PROBLEM: ${reason}`, children: [] });
  }
  return { text, children };
}

/** Codes that say what is on a volume instead of a filesystem, where nothing is wrong with it. */
const NO_FAULT: ReadonlySet<string> = new Set([
  'md.member',
  'lvm.member',
  'volume.swap',
  'volume.encrypted',
  'volume.member',
  'volume.other',
]);

function configBranch(config: ConfigCandidate): Branch {
  const reason = config.problem === null ? config.reason : `PROBLEM: ${config.problem.message}`;
  return { text: `boot config  ${config.dialect}  ${config.path}  ${config.chosen ? 'CHOSEN: ' : ''}${reason}`, children: [] };
}

function draw(branches: readonly Branch[], indent = ''): string[] {
  const [tee, corner, bar] = unicode() ? ['├─ ', '└─ ', '│  '] : ['|- ', '`- ', '|  '];
  const lines: string[] = [];
  branches.forEach((branch, i) => {
    const last = i === branches.length - 1;
    lines.push(`${indent}${last ? corner : tee}${printable(branch.text)}`);
    lines.push(...draw(branch.children, `${indent}${last ? '   ' : bar}`));
  });
  return lines;
}
