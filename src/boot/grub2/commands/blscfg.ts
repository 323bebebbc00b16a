/** `blscfg`: menu entries out of Boot Loader Specification files, by Red Hat's rules. Upstream's stand in `blsuki.ts`. */
import type { GuestVolume } from '../../../guest/guest.js';
import { allValues, firstValue } from '../bls/entry-file.js';
import { compareRedHatIds } from '../bls/order.js';
import { attempt, parseFileName } from '../files.js';
import type { BlsEntry, Machine } from '../machine.js';
import { Status } from '../status.js';
import { addBlsEntry, expanded, insertNewest, readBlsEntry, type Selection, tellNoKernel } from './bls-entries.js';
import type { Call } from './command.js';

const ENTRIES = '/loader/entries';

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
  const entry = await readBlsEntry(machine, volume, path);
  const entries =
    entry === null ? null : insertNewest(machine, machine.blsEntries, entry, (a, b) => compareRedHatIds(a.file.id, b.file.id));
  if (entries !== null) machine.blsEntries = entries;
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

function createEntry(machine: Machine, entry: BlsEntry): void {
  const { file } = entry;
  const linux = firstValue(file, 'linux');
  if (linux === null) {
    tellNoKernel(machine, entry);
    return;
  }
  const expand = (value: string | null): string | null => expanded(machine, value);
  const options = expand(firstValue(file, 'options')) ?? expand(machine.get('default_kernelopts') ?? null);
  const initrds = allValues(file, 'initrd');
  const early = (machine.get('early_initrd') ?? '').split(' ').filter((name) => name !== '');
  const folder = folderOf(initrds[0] ?? linux);
  const files = [...early.map((name) => `${folder}${name}`), ...initrds].map((name) => ` ($root)${name}`);
  const devicetree = expand(firstValue(file, 'devicetree'));
  addBlsEntry(machine, entry, linux, [
    ...(machine.get('save_default') === 'true' ? ['savedefault'] : []),
    'load_video',
    'set gfxpayload=keep',
    'insmod gzio',
    `linux ($root)${linux}${options === null ? '' : ` ${options}`}`,
    ...(files.length === 0 ? [] : [`initrd${files.join('')}`]),
    ...(devicetree === null ? [] : [`devicetree ($root)${devicetree}`]),
  ]);
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

/** `blscfg [default|non-default|(device)/directory|(device)/entry.conf|ID]` */
export async function redHatBlscfg(machine: Machine, { args }: Call): Promise<number> {
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
