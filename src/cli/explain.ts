/** `tygrub explain`: why this config, why this entry, what it loads. */
import { type BootEntry, type BootMenu, findConfigs, findEntry, readBootMenu } from '../boot/index.js';
import { printable } from '../bytes/text.js';
import { entryJson } from './entry-json.js';
import { entryText, warnAboutMenu } from './list.js';
import { bootOptions, type MenuOptions, withGuest } from './options.js';
import { bold, print, printJson } from './output.js';

export interface ExplainOptions extends MenuOptions {
  readonly entry?: string;
  readonly json?: boolean;
}

export async function runExplain(images: readonly string[], options: ExplainOptions): Promise<void> {
  await withGuest(images, options, async (guest) => {
    const configs = await findConfigs(guest, bootOptions(options));
    const menu = await readBootMenu(guest, bootOptions(options));
    const entry = options.entry === undefined ? menu.entries.find((e) => e.index === menu.default) : findEntry(menu, options.entry);
    if (options.json === true) {
      await printJson({
        image: guest.disks[0]?.path ?? null,
        configs,
        config: menu.config,
        default: menu.default,
        explanation: menu.explanation,
        entry: entry === undefined ? null : { ...entryJson(entry), commands: entry.commands },
        warnings: menu.warnings,
      });
      return;
    }
    const lines = [bold('Boot configs, in the order in which they were looked at')];
    for (const config of configs) {
      const state = config.problem === null ? config.reason : `PROBLEM: ${config.problem.message}`;
      lines.push(printable(`  ${config.chosen ? '*' : ' '} ${config.dialect}  ${config.volume}:${config.path}  ${state}`));
    }
    if (configs.length === 0) lines.push('    none');
    lines.push('', bold('How the default was chosen'), ...menu.explanation.map((line) => `    ${printable(line)}`));
    if (entry !== undefined) lines.push('', ...explainEntry(menu, entry));
    await print(`${lines.join('\n')}\n`);
    warnAboutMenu(menu, options.quiet ?? false);
  });
}

function explainEntry(menu: BootMenu, entry: BootEntry): string[] {
  const lines = [bold(entry.index === menu.default ? 'The default entry' : 'The entry'), ...entryText(entry, entry.index === menu.default)];
  lines.push(
    '',
    bold('Its commands'),
    ...entry.commands
      .trimEnd()
      .split('\n')
      .map((line) => `    ${printable(line.replaceAll('\t', '  '))}`),
  );
  return lines;
}
