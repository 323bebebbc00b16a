/** The menus of a SYSLINUX configuration as one list of entries, and the entry that boots by default. */
import { TygrubError } from '../../errors.js';
import { type EntryDraft, EntryList, type WarningList } from '../assemble.js';
import type { AccessControl, BootEntry } from '../menu.js';
import { type Action, CommandReader, isModule } from './command.js';
import { type Label, type Menu, type SyslinuxConfig, withoutHotkey } from './config.js';
import { SyslinuxParser, type SyslinuxSources, splitFirst } from './parser.js';

/** Where a config stands among the others. */
export interface ConfigSpot {
  readonly path: string;
  readonly directory: string;
  readonly submenus: readonly string[];
  readonly position: readonly number[];
}

/** What an item of a menu boots: an entry, or nothing. */
type Boots = BootEntry | null;

/** A text of menu.c32's passwords by its prefix. */
const PASSWORD_SCHEMES: readonly (readonly [prefix: string, scheme: AccessControl['passwords'][number]['scheme']])[] = [
  ['$1$', 'md5'],
  ['$4$', 'sha1'],
  ['$5$', 'sha-crypt'],
  ['$6$', 'sha-crypt'],
];

function password(user: string, secret: string): AccessControl['passwords'][number] {
  const scheme = PASSWORD_SCHEMES.find(([prefix]) => secret.startsWith(prefix))?.[1] ?? 'plain';
  return { user, scheme, secret };
}

/** Reads configs into one list of entries. */
export class SyslinuxMenuReader {
  readonly list: EntryList;
  readonly explanation: string[] = [];
  /** For each entry the directory of its config: where an edited entry's paths start. */
  readonly directories: string[] = [];
  private readonly passwords: AccessControl['passwords'][number][] = [];
  private superusers = false;
  /** Commands added because DEFAULT or ONTIMEOUT name them; they follow the labels. */
  private extra = 0;

  constructor(
    private readonly sources: SyslinuxSources,
    private readonly warnings: WarningList,
  ) {
    this.list = new EntryList(sources.files.limits);
  }

  get access(): AccessControl | null {
    return this.passwords.length === 0 ? null : { superusers: this.superusers ? [''] : [], passwords: this.passwords };
  }

  /**
   * Reads a config and those that its labels open.
   * @throws TygrubError when the file cannot be read; limit
   */
  async read(spot: ConfigSpot): Promise<{ config: SyslinuxConfig; boots: Boots }> {
    const parser = new SyslinuxParser(this.sources, spot.directory);
    await parser.readFile(spot.path, spot.submenus.length);
    const config = parser.finish();
    if (config.masterPassword !== null) {
      this.superusers = true;
      this.passwords.push(password('', config.masterPassword));
    }
    const walk = new ConfigWalk(this, config, spot);
    await walk.addMenu(config.root, spot.submenus, spot.position);
    return { config, boots: await walk.chooseDefault() };
  }

  /** Adds an entry. */
  add(draft: EntryDraft, directory: string): BootEntry {
    this.directories.push(directory);
    return this.list.add(draft);
  }

  /** Restricts an entry to those who know its password; gives its users. */
  restrict(label: Label): string[] | null {
    if (label.password === null) return null;
    const user = `label ${label.name}`;
    this.passwords.push(password(user, label.password));
    return [user];
  }

  /** The config that a label opens; null where it cannot be read. */
  async open(spot: ConfigSpot, from: Label): Promise<{ boots: Boots } | null> {
    try {
      return await this.read(spot);
    } catch (error) {
      if (!(error instanceof TygrubError) || error.kind === 'limit') throw error;
      this.warnings.add(error.code, `CONFIG ${spot.path}: ${error.message}`, from.file, from.line);
      return null;
    }
  }

  commands(directory: string): CommandReader {
    return new CommandReader(this.sources, directory);
  }

  nextExtra(): number {
    this.extra += 1;
    return this.extra - 1;
  }
}

/** One config: its labels become entries, and its default is looked for. */
class ConfigWalk {
  private readonly byLabel = new Map<Label, Boots>();
  private readonly commands: CommandReader;
  /** Menu items at the top, for the place of commands that are added behind them. */
  private top = 0;

  constructor(
    private readonly reader: SyslinuxMenuReader,
    private readonly config: SyslinuxConfig,
    private readonly spot: ConfigSpot,
  ) {
    this.commands = reader.commands(spot.directory);
  }

  async addMenu(menu: Menu, submenus: readonly string[], position: readonly number[]): Promise<void> {
    let place = 0;
    for (const item of menu.items) {
      if (item.kind === 'menu') {
        const title = withoutHotkey(item.label ?? item.title ?? item.tag);
        await this.addMenu(item, [...submenus, title], [...position, place]);
      } else if (item.navigation) continue;
      else this.byLabel.set(item, await this.addLabel(item, submenus, [...position, place]));
      place += 1;
    }
    if (menu === this.config.root) this.top = place;
  }

  private async addLabel(label: Label, submenus: readonly string[], position: readonly number[]): Promise<Boots> {
    const title = withoutHotkey(label.menuLabel ?? label.name);
    const action = await this.commands.label(label);
    if (action.kind === 'config') {
      const spot = { path: action.path, directory: action.directory, submenus: [...submenus, title], position };
      const opened = await this.reader.open(spot, label);
      if (opened !== null) return opened.boots;
    }
    const own = label.append === null && label.globalAppend !== null ? [`APPEND ${label.globalAppend}`] : [];
    return this.reader.add(
      {
        title,
        id: label.name,
        submenus,
        path: position,
        commands: [...label.lines, ...own].join('\n'),
        users: this.reader.restrict(label),
        ...draftOf(action, label.disabled),
      },
      this.spot.directory,
    );
  }

  /** The entry that boots when nobody touches a key. */
  async chooseDefault(): Promise<Boots> {
    const { config } = this;
    const byDefault = config.default;
    const module = byDefault !== null && !config.labels.has(byDefault.command) && isModule(byDefault.command);
    const menu = config.ui ?? (module ? byDefault.command : null);
    if (menu !== null) this.say(`${splitFirst(menu).first} shows a menu`);
    if (config.onTimeout !== null && (menu !== null || config.prompt !== 0) && config.timeout > 0) {
      this.say(`ONTIMEOUT ${config.onTimeout}`);
      return this.runCommand(config.onTimeout, 0);
    }
    if (byDefault !== null && !module) {
      const known = this.findLabel(byDefault.command) !== null;
      if (known || menu === null) {
        this.say(`DEFAULT ${byDefault.command} (line ${byDefault.line})`);
        return this.runCommand(byDefault.command, 0);
      }
      this.say(`DEFAULT ${byDefault.command} names no label: the menu ignores it`);
    }
    return this.menuDefault(config.start, menu !== null);
  }

  private async menuDefault(start: Menu, hasMenu: boolean): Promise<Boots> {
    const marked = firstLabel(start.default);
    if (marked !== null) {
      this.say(`MENU DEFAULT marks ${marked.name}`);
      return this.labelBoots(marked, 0);
    }
    const linux = hasMenu ? undefined : this.config.labels.get('linux');
    const label = linux ?? firstLabel(start);
    if (label === null) return null;
    this.say(`no default is set: ${linux === undefined ? 'the first label' : 'the label linux'}, ${label.name}`);
    return this.labelBoots(label, 0);
  }

  private findLabel(command: string): { label: Label; extra: string } | null {
    // U-Boot and grubby take the whole text for the label's name, SYSLINUX its first word.
    const whole = this.config.labels.get(command);
    if (whole !== undefined) return { label: whole, extra: '' };
    const { first, rest } = splitFirst(command);
    const label = this.config.labels.get(first);
    return label === undefined ? null : { label, extra: rest };
  }

  /** What a label boots: its entry, or what the command boots that it runs in its place. */
  private async labelBoots(label: Label, depth: number): Promise<Boots> {
    const action = await this.commands.label(label);
    if (action.kind !== 'command') return this.byLabel.get(label) ?? null;
    this.say(`${label.name} runs ${action.command}`);
    return this.runCommand(action.command, depth + 1);
  }

  /** Runs a command as typed at the prompt: a label, or a file where that is allowed. */
  private async runCommand(command: string, depth: number): Promise<Boots> {
    // Labels may run each other in a circle.
    if (depth > this.config.labels.size) return null;
    const found = this.findLabel(command);
    if (found !== null && found.extra === '') return this.labelBoots(found.label, depth);
    const { first, rest } = splitFirst(command);
    const action =
      found !== null
        ? await this.commands.label(found.label, found.extra)
        : this.config.implicit && first !== '' && (await this.commands.findKernel(first)).size !== null
          ? await this.commands.command('kernel', first, rest || (this.config.append ?? ''), null)
          : null;
    if (action === null) {
      this.say(`there is no label and no file ${first}`);
      return null;
    }
    if (action.kind === 'command') return this.runCommand(action.command, depth + 1);
    const place = [...this.spot.position, this.top + this.reader.nextExtra()];
    const draft = { title: command, submenus: this.spot.submenus, path: place, commands: command, ...draftOf(action, false) };
    return this.reader.add(draft, this.spot.directory);
  }

  private say(text: string): void {
    this.reader.explanation.push(this.spot.submenus.length === 0 ? text : `in ${this.spot.path}: ${text}`);
  }
}

/** The first label of a menu that can be chosen, in submenus where they come first. */
function firstLabel(item: Label | Menu | null): Label | null {
  if (item === null || item.kind === 'label') return item === null || item.disabled || item.navigation ? null : item;
  const marked = item.default === null ? null : firstLabel(item.default);
  if (marked !== null) return marked;
  for (const inside of item.items) {
    const label = firstLabel(inside);
    if (label !== null) return label;
  }
  return null;
}

/** The part of an entry that follows from what its command loads. */
export function draftOf(action: Action, disabled: boolean): Partial<EntryDraft> {
  if (disabled) return { problem: { code: 'syslinux.disabled', message: 'MENU DISABLE: the entry cannot be chosen' } };
  if (action.kind === 'boots') return action.draft;
  if (action.kind === 'config') return { problem: { code: 'boot.file-not-found', message: `${action.path} cannot be read` } };
  return action.kind === 'other' && action.problem != null ? { problem: action.problem } : {};
}
