/** A menu.lst and the menus that its entries open, as one list of entries. */
import { limitReached, notFound, TygrubError } from '../../errors.js';
import { configText, directoryOf, type EntryDraft, type EntryList, StepCounter, type WarningList } from '../assemble.js';
import type { GuestFiles } from '../dialect.js';
import type { AccessControl, BootEntry } from '../menu.js';
import { type LegacyConfig, parseLegacyConfig, type Title } from './config.js';
import { type LegacyRoot, type LegacyScript, runLegacyScript } from './entry.js';
import { leadingNumber } from './lines.js';

/** Where a menu stands among the others. */
interface MenuPlace {
  readonly root: LegacyRoot;
  readonly path: string;
  readonly submenus: readonly string[];
  readonly position: readonly number[];
}

/** A menu that was read: its default is an index of the whole list. */
export interface ReadMenu {
  readonly config: LegacyConfig;
  readonly default: number | null;
}

/** Reads menus into one list of entries; what all menus share stands here. */
export class LegacyMenuReader {
  /** For each entry the root device of its menu: what an edited entry starts with. */
  readonly roots: LegacyRoot[] = [];
  readonly explanation: string[] = [];
  private readonly passwords: AccessControl['passwords'][number][] = [];
  private superusers = false;
  /** What was said already: the same device stands in every title. */
  private readonly notes = new Set<string>();
  private includes = 0;
  private readonly steps: StepCounter;

  constructor(
    private readonly files: GuestFiles,
    private readonly list: EntryList,
    private readonly warnings: WarningList,
  ) {
    this.steps = new StepCounter(files.limits);
  }

  /** Who may edit and boot; null where no password is asked for. */
  get access(): AccessControl | null {
    return this.passwords.length === 0 ? null : { superusers: this.superusers ? [''] : [], passwords: this.passwords };
  }

  /**
   * Reads a menu and those that its entries open.
   * @throws TygrubError when the file cannot be read; limit `includes`, `scriptNesting`, `menuEntries`
   */
  async read(place: MenuPlace): Promise<ReadMenu> {
    const { volume } = place.root;
    if (volume === null) throw notFound('grub-legacy.no-device', `there is no device (${place.root.device})`);
    const { limits } = this.files;
    this.includes += 1;
    if (this.includes > limits.includes || place.submenus.length > limits.scriptNesting) {
      throw limitReached('includes', `configfile opens more than ${limits.includes} menus`);
    }
    const file = `${volume.name}:${place.path}`;
    const config = parseLegacyConfig(configText(await this.files.readConfig(volume, place.path)), file, this.warnings, this.steps);
    if (config.password !== null) {
      this.superusers = true;
      this.passwords.push({ user: '', ...config.password });
    }
    const byTitle: (BootEntry | null)[] = [];
    for (const [position, title] of config.titles.entries()) {
      byTitle.push(await this.addTitle(title, { ...place, position: [...place.position, position] }, file, config));
    }
    return { config, default: await this.chooseDefault(config, place, byTitle) };
  }

  /** Adds a title's entry, or those of the menu that it opens. @returns the entry that booting the title boots */
  private async addTitle(title: Title, place: MenuPlace, file: string, config: LegacyConfig): Promise<BootEntry | null> {
    const script = await runLegacyScript(title.commands, place.root, this.files);
    for (const note of script.notes) {
      if (this.notes.has(note.message)) continue;
      this.notes.add(note.message);
      this.warnings.add(note.code, note.message, file, note.line === 0 ? title.line : note.line);
    }
    const draft = this.draftOf(title, place, script, config);
    if (script.configfile === null) return this.add(draft, place.root);
    const { path, root } = script.configfile;
    try {
      const below = { root, path, submenus: [...place.submenus, title.title], position: place.position };
      const menu = await this.read(below);
      if (menu.config.titles.length > 0) return menu.default === null ? null : (this.list.entries[menu.default] ?? null);
      return this.add({ ...draft, problem: { code: 'grub-legacy.empty-menu', message: `${path} has no titles` } }, place.root);
    } catch (error) {
      if (!(error instanceof TygrubError) || error.kind === 'limit') throw error;
      this.warnings.add(error.code, `configfile ${path}: ${error.message}`, file, title.line);
      return this.add({ ...draft, problem: { code: error.code, message: error.summary } }, place.root);
    }
  }

  private add(draft: EntryDraft, root: LegacyRoot): BootEntry {
    this.roots.push(root);
    return this.list.add(draft);
  }

  private draftOf(title: Title, place: MenuPlace, script: LegacyScript, config: LegacyConfig): EntryDraft {
    let users: string[] | null = script.locked && config.password !== null ? [] : null;
    if (script.password !== null) {
      const user = `entry ${place.position.join('>')}`;
      this.passwords.push({ user, ...script.password });
      users = [user];
    }
    const empty = { code: 'grub-legacy.empty-title', message: 'GRUB does not show this title: it has no commands that GRUB knows' };
    return {
      title: title.title,
      submenus: place.submenus,
      path: place.position,
      commands: title.commands.map((command) => command.text).join('\n'),
      users,
      ...loaded(script),
      ...(title.number === null ? { problem: empty } : {}),
    };
  }

  private async chooseDefault(config: LegacyConfig, place: MenuPlace, byTitle: readonly (BootEntry | null)[]): Promise<number | null> {
    const numbered = new Map<number, BootEntry | null>();
    config.titles.forEach((title, i) => {
      if (title.number !== null) numbered.set(title.number, byTitle[i] ?? null);
    });
    if (numbered.size === 0) return null;
    const say = (text: string): void => {
      this.explanation.push(place.submenus.length === 0 ? text : `in ${place.path}: ${text}`);
    };
    let number = config.default === 'saved' ? await this.savedDefault(place, say) : config.default;
    if (config.default !== 'saved') {
      say(config.defaultLine === null ? 'no default is set: the first title' : `default ${number} (line ${config.defaultLine})`);
    }
    if (number >= numbered.size) {
      const replacement = config.fallback.find((n) => n < numbered.size) ?? 0;
      say(`there is no title ${number}: ${replacement} is taken`);
      number = replacement;
    }
    let chosen = numbered.get(number) ?? null;
    if (chosen === null || chosen.problem !== null) {
      for (const next of config.fallback) {
        const entry = numbered.get(next) ?? null;
        if (entry === null || entry.problem !== null) continue;
        say(`title ${number} cannot boot (${chosen?.problem?.message ?? 'it boots nothing'}): fallback ${next}`);
        chosen = entry;
        break;
      }
    }
    return chosen?.index ?? null;
  }

  /** `default saved`: the number at the start of the file `default` beside the config, 0 where there is none. */
  private async savedDefault(place: MenuPlace, say: (text: string) => void): Promise<number> {
    const path = `${directoryOf(place.path)}/default`;
    const { volume } = place.root;
    const node = volume === null ? null : await this.files.stat(volume, path);
    if (volume === null || node?.type !== 'f') {
      say(`default saved: there is no ${path}, so 0`);
      return 0;
    }
    const text = configText(await this.files.readConfig(volume, path));
    const number = leadingNumber(text.trimStart());
    say(number === null ? `default saved: ${path} holds no number, so 0` : `default saved: ${path} says ${number}`);
    return number ?? 0;
  }
}

/** The kernel, initrds and hypervisor of a script: with modules the kernel is a hypervisor and the first module Linux. */
export function loaded(script: LegacyScript): Pick<EntryDraft, 'kernel' | 'args' | 'initrds' | 'hypervisor'> & Partial<EntryDraft> {
  const { kernel, modules, problem } = script;
  const failed = problem === null ? {} : { problem };
  const [first, ...others] = modules;
  if (kernel === null) return { ...failed };
  if (first === undefined) return { kernel: kernel.file, args: kernel.args, initrds: script.initrds, ...failed };
  return {
    hypervisor: { ...kernel.file, args: kernel.args },
    kernel: first.file,
    args: first.args,
    initrds: others.map((module) => module.file),
    ...failed,
  };
}
