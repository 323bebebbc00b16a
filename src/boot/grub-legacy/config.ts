/** The parts of a menu.lst: what stands before the first title, and the titles with their commands. */
import type { StepCounter, WarningList } from '../assemble.js';
import { COMMANDS } from './commands.js';
import { type CommandLine, commandArgument, commandLines, commandName, leadingNumber, words } from './lines.js';

/** A title with its commands. */
export interface Title {
  readonly title: string;
  readonly line: number;
  readonly commands: CommandLine[];
  /** GRUB's own number; null where GRUB drops the title because it has no command that GRUB knows. */
  number: number | null;
}

/** A password line. */
export interface Password {
  readonly scheme: 'plain' | 'md5';
  readonly secret: string;
}

/** A parsed config. */
export interface LegacyConfig {
  default: number | 'saved';
  /** The line that set the default, null where none did. */
  defaultLine: number | null;
  fallback: readonly number[];
  timeout: number | null;
  password: Password | null;
  readonly titles: Title[];
}

/**
 * Parses a config. Odd lines become warnings.
 * @throws TygrubError limit `scriptSteps`
 */
export function parseLegacyConfig(text: string, file: string, warnings: WarningList, steps: StepCounter): LegacyConfig {
  const config: LegacyConfig = { default: 0, defaultLine: null, fallback: [], timeout: null, password: null, titles: [] };
  let title: Title | null = null;
  for (const command of commandLines(text)) {
    steps.step();
    const name = commandName(command.text);
    if (name === 'title') {
      title = { title: commandArgument(command.text).trimEnd(), line: command.line, commands: [], number: null };
      config.titles.push(title);
      continue;
    }
    const place = COMMANDS.get(name);
    if (place === undefined) {
      warnings.add('grub-legacy.unknown-command', `GRUB drops this line: it has no command ${name}`, file, command.line);
    } else if (title !== null) {
      title.commands.push(command);
    } else if (place === 'entry') {
      warnings.add('grub-legacy.misplaced-command', `${name} has no effect before the first title`, file, command.line);
    } else {
      applyGlobal(config, name, commandArgument(command.text), command.line, file, warnings);
    }
  }
  let number = 0;
  for (const each of config.titles) {
    if (each.commands.length > 0) each.number = number++;
    else warnings.add('grub-legacy.empty-title', `GRUB does not show "${each.title}": it has no commands`, file, each.line);
  }
  return config;
}

function applyGlobal(config: LegacyConfig, name: string, argument: string, line: number, file: string, warnings: WarningList): void {
  if (name === 'default') {
    const value = argument.trimEnd() === 'saved' ? 'saved' : leadingNumber(argument);
    if (value === null) {
      warnings.add('grub-legacy.bad-number', `default ${argument} is no number: it has no effect`, file, line);
    } else {
      config.default = value;
      config.defaultLine = line;
    }
  } else if (name === 'timeout') {
    const value = leadingNumber(argument);
    if (value === null) warnings.add('grub-legacy.bad-number', `timeout ${argument} is no number: it has no effect`, file, line);
    else config.timeout = value;
  } else if (name === 'fallback') {
    config.fallback = words(argument).flatMap((word) => leadingNumber(word) ?? []);
  } else if (name === 'password') {
    config.password = parsePassword(argument);
  }
}

/** `password [--md5] SECRET [FILE]`. */
export function parsePassword(argument: string): Password | null {
  const [first = '', second = ''] = words(argument);
  if (first === '--md5') return second === '' ? null : { scheme: 'md5', secret: second };
  return first === '' ? null : { scheme: 'plain', secret: first };
}
