/** `blscfg`: menu entries out of Boot Loader Specification files, by Red Hat's rules or upstream's. */
import { TygrubError } from '../../../errors.js';
import type { GuestVolume } from '../../../guest/guest.js';
import { allValues, type BlsFile, expandValue, firstValue, parseBlsFile } from '../bls/entry-file.js';
import { compareFileVersions, compareRedHatIds } from '../bls/order.js';
import { attempt, parseFileName } from '../files.js';
import type { BlsEntry, Machine } from '../machine.js';
import { type OptionSpec, parseOptions } from '../options.js';
import { ScriptText } from '../script-text.js';
import { Status } from '../status.js';
import type { Call, Command } from './command.js';
import { addEntry, userNames } from './menu-entries.js';

const ENTRIES = '/loader/entries';

/** Which of the entries that were read become entries of the menu. */
interface Selection {
  readonly defaults: boolean;
  readonly others: boolean;
  readonly only: string | null;
}

/** Reads the `.conf` files of a directory into the machine's list; false when there is no such directory. */
async function readDirectory(machine: Machine, directory: string): Promise<boolean> {
  const { files, budget } = machine.surroundings;
  const name = parseFileName(machine, directory);
  const volume = name?.device?.volume ?? null;
  if (name === null || volume === null || !name.path.startsWith('/')) return false;
  const node = await attempt(machine, () => files.stat(volume, name.path));
  if (node?.type !== 'd') return false;
  const names = (await attempt(machine, () => files.list(volume, name.path))) ?? [];
  budget.step(Math.ceil(names.length / 16));
  for (const file of names) {
    if (file.length > 5 && file.endsWith('.conf') && !file.startsWith('.')) {
      await readEntry(machine, volume, `${name.path.endsWith('/') ? name.path : `${name.path}/`}${file}`);
    }
  }
  return true;
}

async function readEntry(machine: Machine, volume: GuestVolume, path: string): Promise<void> {
  const { files, budget, flavour } = machine.surroundings;
  const where = `${volume.name}:${path}`;
  budget.step();
  let bytes: Uint8Array;
  try {
    bytes = await files.readConfig(volume, path);
  } catch (error) {
    if (!(error instanceof TygrubError)) throw error;
    machine.surroundings.warn(error.code, `${where}: ${error.summary}`, machine.place);
    return;
  }
  budget.charge(bytes.length);
  const id = path.slice(path.lastIndexOf('/') + 1, -'.conf'.length);
  const file = parseBlsFile(id, bytes, flavour);
  for (const { code, message, line } of file.oddities) machine.surroundings.warn(code, message, { file: where, line });
  insert(machine, { file, where, visible: false });
}

/** Newest first; an entry that is equal to one that is there already is left out. */
function insert(machine: Machine, entry: BlsEntry): void {
  const { flavour, limits, budget } = machine.surroundings;
  const compare = (a: BlsFile, b: BlsFile): number =>
    flavour === 'redhat' ? compareRedHatIds(a.id, b.id) : compareFileVersions(`${a.id}.conf`, `${b.id}.conf`);
  const entries = machine.blsEntries;
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = entries[middle];
    const order = other === undefined ? 0 : compare(entry.file, other.file);
    if (order === 0) return;
    if (order > 0) high = middle;
    else low = middle + 1;
  }
  budget.step(1 + Math.ceil(entries.length / 64));
  if (entries.length >= limits.menuEntries) {
    machine.surroundings.warn('limit.menuEntries', `more than ${limits.menuEntries} entry files are there`, machine.place);
    return;
  }
  machine.blsEntries = entries.toSpliced(low, 0, entry);
}

/** Makes menu entries of what was selected; those that are in the menu already stay where they are. */
function createEntries(machine: Machine, { defaults, others, only }: Selection): void {
  const wanted = machine.get('default');
  machine.blsEntries = machine.blsEntries.map((entry, index) => {
    const { id } = entry.file;
    const isDefault = wanted !== undefined && (wanted === id || wanted === firstValue(entry.file, 'title') || wanted === String(index));
    const named = only === id || only === `${id}.conf`;
    if (entry.visible || !(named || (isDefault ? defaults : others))) return entry;
    createEntry(machine, entry);
    return { ...entry, visible: true };
  });
}

function createEntry(machine: Machine, { file, where }: BlsEntry): void {
  const { flavour } = machine.surroundings;
  const redHat = flavour === 'redhat';
  const linux = firstValue(file, 'linux');
  if (linux === null) {
    machine.surroundings.warn('bls.no-linux', 'the entry names no kernel', { file: where, line: 1 });
    return;
  }
  const expand = (value: string | null): string | null => {
    const text = expandValue(value, (name) => machine.get(name), flavour);
    machine.surroundings.budget.charge(text?.length ?? 0);
    return text;
  };
  const options = expand(firstValue(file, 'options')) ?? (redHat ? expand(machine.get('default_kernelopts') ?? null) : null);
  const users = expand(firstValue(file, 'grub_users'));
  const initrds = allValues(file, 'initrd');
  const early = (machine.get('early_initrd') ?? '').split(' ').filter((name) => name !== '');
  const folder = folderOf(initrds[0] ?? linux);
  const files = [...early.map((name) => `${folder}${name}`), ...initrds].map((name) => ` ($root)${name}`);
  const devicetree = expand(firstValue(file, 'devicetree'));
  const saving = machine.get(redHat ? 'save_default' : 'blsuki_save_default');
  const lines = [
    ...(saving === 'true' || (!redHat && saving === '1') ? ['savedefault'] : []),
    ...(redHat ? ['load_video', 'set gfxpayload=keep', 'insmod gzio'] : []),
    `linux ($root)${linux}${options === null ? '' : ` ${options}`}`,
    ...(files.length === 0 ? [] : [`initrd${files.join('')}`]),
    ...(devicetree === null ? [] : [`devicetree ($root)${devicetree}`]),
  ];
  const title = firstValue(file, 'title') ?? linux;
  addEntry(machine, {
    title,
    id: file.id,
    args: [title, ...allValues(file, 'grub_arg')],
    source: ScriptText.ofString(`${lines.join('\n')}\n`, where, 1),
    submenu: false,
    users: users === null ? null : userNames(users),
    place: { file: where, line: 1 },
  });
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

/** `blscfg [default|non-default|(device)/directory|(device)/entry.conf|ID]` */
async function redHat(machine: Machine, { args }: Call): Promise<number> {
  const [arg] = args;
  let selection: Selection = { defaults: true, others: true, only: null };
  if (arg === 'default') selection = { defaults: true, others: false, only: null };
  else if (arg === 'non-default') selection = { defaults: false, others: true, only: null };
  else if (arg?.startsWith('(') === true && arg.endsWith('.conf')) {
    const name = parseFileName(machine, arg);
    const volume = name?.device?.volume ?? null;
    if (name !== null && volume !== null) await readEntry(machine, volume, name.path);
    createEntries(machine, { defaults: false, others: false, only: arg.slice(arg.lastIndexOf('/') + 1) });
    return Status.OK;
  } else if (arg?.startsWith('(') === true) {
    await readDirectory(machine, arg);
    createEntries(machine, selection);
    return Status.OK;
  } else if (arg !== undefined) selection = { defaults: false, others: false, only: arg };
  const directory = machine.get('blsdir') ?? `${ENTRIES}/`;
  if (!(await readDirectory(machine, directory))) await readDirectory(machine, `/boot${ENTRIES}/`);
  createEntries(machine, selection);
  return Status.OK;
}

const OPTIONS: readonly OptionSpec[] = [
  { long: 'path', short: 'p', value: 'required' },
  { long: 'enable-fallback', short: 'f', value: 'none' },
  { long: 'show-default', short: 'd', value: 'none' },
  { long: 'show-non-default', short: 'n', value: 'none' },
  { long: 'entry', short: 'e', value: 'required' },
];

/** `blscfg [-p DIRECTORY] [-f] [-d] [-n] [-e FILE]` */
async function upstream(machine: Machine, call: Call): Promise<number> {
  const parsed = parseOptions(OPTIONS, call.args);
  if (!parsed.ok) return machine.fail(Status.BAD_ARGUMENT, 'grub2.argument', `${call.name}: ${parsed.message}`);
  const { options } = parsed;
  const given = options.get('path')?.at(-1);
  const only = options.get('entry')?.at(-1) ?? null;
  const found = await readDirectory(machine, given ?? `${ENTRIES}/`);
  if (!found && (given === undefined || options.has('enable-fallback'))) await readDirectory(machine, `/boot${ENTRIES}/`);
  const chosen = only !== null || options.has('show-default') || options.has('show-non-default');
  createEntries(machine, {
    defaults: !chosen || options.has('show-default'),
    others: !chosen || options.has('show-non-default'),
    only,
  });
  return Status.OK;
}

const blscfg: Command = {
  run(machine, call) {
    machine.blscfg = true;
    return machine.surroundings.flavour === 'redhat' ? redHat(machine, call) : upstream(machine, call);
  },
};

export const BLSCFG_COMMANDS: readonly (readonly [string, Command])[] = [
  ['blscfg', blscfg],
  ['bls_import', blscfg],
];
