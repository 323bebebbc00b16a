/** Reads SYSLINUX configurations: the rules of readconfig.c, and U-Boot's few additions. */
import { limitReached, TygrubError } from '../../errors.js';
import type { GuestVolume } from '../../guest/guest.js';
import { absolutePath, configText, type StepCounter, type WarningList } from '../assemble.js';
import type { GuestFiles } from '../dialect.js';
import {
  emptyConfig,
  emptyLabel,
  emptyMenu,
  IGNORED_KEYWORDS,
  KERNEL_TYPES,
  type Label,
  type Menu,
  type SyslinuxConfig,
} from './config.js';

/** What the parsing of all files of a menu shares. */
export interface SyslinuxSources {
  readonly files: GuestFiles;
  readonly volume: GuestVolume;
  readonly warnings: WarningList;
  readonly steps: StepCounter;
  /** Files read so far. */
  includes: number;
}

/** Keywords outside of labels that grubby writes with `=`, which no loader takes; the value is clear all the same. */
const WITH_EQUALS = ['default', 'timeout', 'prompt'];

/** The first word and what follows it, without blanks around. */
export function splitFirst(text: string): { first: string; rest: string } {
  let at = 0;
  while (at < text.length && text.charAt(at) > ' ') at += 1;
  return { first: text.slice(0, at), rest: text.slice(at).trim() };
}

/** One keyword (in lower case: they are caseless) with the rest of its line. */
export function splitKeyword(line: string): { keyword: string; value: string } {
  const { first, rest } = splitFirst(line);
  return { keyword: first.toLowerCase(), value: rest };
}

/** Decimal digits at the start; 0 where there are none, as atoi(). */
function number(text: string): number {
  const value = Number.parseInt(text, 10);
  return Number.isNaN(value) ? 0 : value;
}

/** Parses one config into labels and menus. */
export class SyslinuxParser {
  readonly config: SyslinuxConfig = emptyConfig();
  private menu: Menu = this.config.root;
  private label: Label | null = null;
  /** Between TEXT HELP and ENDTEXT. */
  private help = false;

  constructor(
    private readonly sources: SyslinuxSources,
    /** The directory that relative paths start in. */
    private readonly directory: string,
  ) {}

  /**
   * Reads a file and those that it includes.
   * @throws TygrubError when the file cannot be read, limit (`includes`, `scriptNesting`, `scriptSteps`)
   */
  async readFile(path: string, depth = 0): Promise<void> {
    const { files, volume } = this.sources;
    this.sources.includes += 1;
    if (this.sources.includes > files.limits.includes) throw limitReached('includes', `${path}: too many files are included`);
    if (depth > files.limits.scriptNesting) throw limitReached('scriptNesting', `${path}: files include each other too deeply`);
    await this.readText(configText(await files.readConfig(volume, path)), `${volume.name}:${path}`, depth);
  }

  /** Reads the lines of a text. */
  async readText(text: string, file: string, depth = 0): Promise<void> {
    let number = 0;
    for (const raw of text.split('\n')) {
      number += 1;
      this.sources.steps.step();
      const line = raw.trim();
      if (this.help) {
        if (splitKeyword(line).keyword === 'endtext') this.help = false;
      } else if (line !== '' && !line.startsWith('#')) {
        await this.readLine(line, file, number, depth);
      }
    }
    this.help = false;
  }

  /** Ends the last label; call it when everything was read. */
  finish(): SyslinuxConfig {
    this.record();
    return this.config;
  }

  /** Starts a label, as LABEL does. */
  startLabel(name: string, file: string, line: number): Label {
    this.record();
    this.label = emptyLabel(name, file, line, this.directory);
    return this.label;
  }

  /** A label belongs to the menu that is open when the next one starts, and so does the global APPEND. */
  private record(): void {
    const { label, config } = this;
    if (label === null) return;
    this.label = null;
    label.globalAppend = config.append;
    this.menu.items.push(label);
    if (label.menuDefault) this.menu.default = label;
    if (!config.labels.has(label.name)) config.labels.set(label.name, label);
  }

  private async readLine(line: string, file: string, at: number, depth: number): Promise<void> {
    const { keyword, value } = splitKeyword(line);
    if (keyword === 'label') {
      this.startLabel(value, file, at);
      return;
    }
    if (keyword === 'menu') {
      await this.readMenuLine(value, line, file, at, depth);
      return;
    }
    if (keyword === 'include') {
      await this.include(value, file, at, depth);
      return;
    }
    if (keyword === 'text') {
      this.help = true;
      return;
    }
    const { label } = this;
    const type = KERNEL_TYPES.get(keyword);
    if (type !== undefined || keyword === 'append' || keyword === 'initrd') {
      if (label !== null) {
        label.lines.push(line);
        if (type !== undefined) Object.assign(label, { type, kernel: value, explicit: true });
        else if (keyword === 'append') label.append = value;
        else label.initrd = value;
      } else if (keyword === 'append') this.config.append = value;
      else this.warn('misplaced', `${keyword} has no effect outside of a label`, file, at);
      return;
    }
    if (this.readGlobal(keyword, value, file, at)) return;
    if (label !== null) label.lines.push(line);
    if (!IGNORED_KEYWORDS.has(keyword)) this.readUnknown(line, file, at);
  }

  private readGlobal(keyword: string, value: string, file: string, line: number): boolean {
    const { config } = this;
    switch (keyword) {
      case 'default':
        config.default = { command: value, file, line };
        return true;
      case 'ui':
        config.ui = value;
        return true;
      case 'ontimeout':
        config.onTimeout = value;
        return true;
      case 'timeout':
        config.timeout = number(value);
        return true;
      case 'totaltimeout':
        config.totalTimeout = number(value);
        return true;
      case 'prompt':
        config.prompt = number(value);
        return true;
      case 'implicit':
        config.implicit = number(value) !== 0;
        return true;
      default:
        return false;
    }
  }

  private readUnknown(line: string, file: string, at: number): void {
    const equals = line.indexOf('=');
    const keyword = line.slice(0, Math.max(0, equals)).trim().toLowerCase();
    if (WITH_EQUALS.includes(keyword)) {
      this.warn('equals-sign', `SYSLINUX does not read "${keyword}=": it is taken as "${keyword} ..."`, file, at);
      this.readGlobal(keyword, line.slice(equals + 1).trim(), file, at);
    } else this.warn('unknown-keyword', `SYSLINUX ignores this line: ${line.slice(0, 60)}`, file, at);
  }

  private async readMenuLine(rest: string, line: string, file: string, at: number, depth: number): Promise<void> {
    const { keyword, value } = splitKeyword(rest);
    const { label, menu } = this;
    switch (keyword) {
      case 'begin':
        this.beginMenu(value, file, at);
        return;
      case 'end':
        this.endMenu();
        return;
      case 'include': {
        const { first, rest: tag } = splitFirst(value);
        if (tag === '') await this.include(first, file, at, depth);
        else {
          this.beginMenu(tag, file, at);
          await this.include(first, file, at, depth);
          this.endMenu();
        }
        return;
      }
      case 'title':
        menu.title = value;
        return;
      case 'start':
        this.config.start = menu;
        return;
      case 'default':
        if (label !== null) label.menuDefault = true;
        else if (menu.parent !== null) menu.parent.default = menu;
        break;
      case 'label':
        if (label !== null) label.menuLabel = value;
        else menu.label = value;
        break;
      case 'disable':
        if (label !== null) label.disabled = true;
        break;
      case 'goto':
      case 'exit':
      case 'quit':
        if (label !== null) label.navigation = true;
        break;
      case 'passwd':
        if (label !== null) label.password = value;
        break;
      case 'master':
        if (splitKeyword(value).keyword === 'passwd') this.config.masterPassword = splitKeyword(value).value;
        return;
      default:
        return; // looks, messages, hidden entries: nothing that changes what boots
    }
    label?.lines.push(line);
  }

  private beginMenu(tag: string, file: string, line: number): void {
    this.record();
    let depth = 0;
    for (let above: Menu | null = this.menu; above !== null; above = above.parent) depth += 1;
    const { limits } = this.sources.files;
    if (depth > limits.scriptNesting) throw limitReached('scriptNesting', `${file}:${line}: menus are nested too deeply`);
    const menu = emptyMenu(tag, this.menu);
    this.menu.items.push(menu);
    this.menu = menu;
  }

  private endMenu(): void {
    this.record();
    if (this.menu.parent !== null) this.menu = this.menu.parent;
  }

  private async include(name: string, file: string, at: number, depth: number): Promise<void> {
    try {
      await this.readFile(absolutePath(name, this.directory), depth + 1);
    } catch (error) {
      if (!(error instanceof TygrubError) || error.kind === 'limit') throw error;
      this.sources.warnings.add(error.code, `INCLUDE ${name}: ${error.message}`, file, at);
    }
  }

  private warn(code: string, message: string, file: string, line: number): void {
    this.sources.warnings.add(`syslinux.${code}`, message, file, line);
  }
}
