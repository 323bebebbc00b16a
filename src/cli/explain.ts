/** `tygrub explain`: why this config, why this entry, what it loads. */
import { type ConfigCandidate, type Explanation, explain, findConfigs, findEntry, readBootMenu } from '../boot/index.js';
import { printable } from '../bytes/text.js';
import { warnAboutMenu } from './list.js';
import { bootOptions, type MenuOptions, withGuest } from './options.js';
import { bold, columns, formatSize, print, printJson } from './output.js';

export interface ExplainOptions extends MenuOptions {
  readonly entry?: string;
  readonly json?: boolean;
}

export async function runExplain(images: readonly string[], options: ExplainOptions): Promise<void> {
  await withGuest(images, options, async (guest) => {
    const configs = await findConfigs(guest, bootOptions(options));
    const menu = await readBootMenu(guest, bootOptions(options));
    const explanation = explain(menu, options.entry === undefined ? null : findEntry(menu, options.entry));
    if (options.json === true) {
      await printJson({ image: guest.disks[0]?.path ?? null, configs, default: menu.default, ...explanation });
      return;
    }
    const parts = [configText(configs), defaultText(explanation), variableText(explanation), entryText(explanation)];
    await print(`${parts.filter((part) => part !== '').join('\n\n')}\n`);
    warnAboutMenu(menu, options.quiet ?? false);
  });
}

function configText(configs: readonly ConfigCandidate[]): string {
  const rows = configs.map((config) => [
    config.chosen ? '*' : '',
    config.dialect,
    printable(`${config.volume}:${config.path}`),
    printable(config.problem === null ? config.reason : `PROBLEM: ${config.problem.message}`),
  ]);
  return `${bold('Boot configs, in the order in which they are looked at')}\n${rows.length === 0 ? '  none' : columns(rows, '  ')}`;
}

function defaultText({ steps, rules }: Explanation): string {
  // The rules are one of the steps where a config was searched for; once is enough.
  const lines = [...(rules === null || steps.includes(rules) ? [] : [rules]), ...steps].map((line) => `  ${printable(line)}`);
  return [bold('How the default was chosen'), ...lines].join('\n');
}

function variableText({ variables, environment }: Explanation): string {
  const rows = [
    ...variables.map((v) => [v.name, v.value, v.file === null ? '' : `set in ${v.file}:${v.line}`]),
    ...environment.map((record) => [record.name, record.value, `read from ${record.file}`]),
  ].map((row) => row.map(printable));
  return rows.length === 0 ? '' : `${bold('Variables that took part')}\n${columns(rows, '  ')}`;
}

function entryText({ entry }: Explanation): string {
  if (entry === null) return '';
  const title = printable([...entry.submenus, entry.title].join(' > '));
  const files = entry.files.map((file) => [
    file.role,
    printable(`${file.volume}:${file.path}${file.part === null ? '' : ` ${file.part}`}`),
    file.size === null ? 'missing' : formatSize(file.size),
  ]);
  const rows = [...files, ['args', printable(entry.args), '']];
  const lines = [bold(`${entry.isDefault ? 'The default entry' : 'The entry'}, ${entry.index}: ${title}`), columns(rows, '  ')];
  if (entry.problem !== null) lines.push(`  PROBLEM: ${printable(entry.problem.message)}`);
  lines.push('', bold('Its commands'));
  for (const line of entry.commands.trimEnd().split('\n')) lines.push(`  ${printable(line.replaceAll('\t', '  '))}`);
  return lines.join('\n');
}
