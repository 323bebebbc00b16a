/** `tygrub vhd check`: what is wrong with a VHD, what it means and what mends it. */
import { statSync } from 'node:fs';
import { printable } from '../bytes/text.js';
import { type CheckReport, checkVhd, type Finding, type Severity, type Verdict } from '../disk/vhd/index.js';
import { EXIT_STATUS } from './exit-status.js';
import type { ReadOptions } from './options.js';
import { bold, folded, print, printJson } from './output.js';
import { withVhd } from './vhd-image.js';

export interface CheckCommandOptions extends ReadOptions {
  readonly json?: boolean;
  readonly chain?: boolean;
  readonly data?: boolean;
  readonly lv?: boolean;
}

/** The exit status for each verdict: clean, findings, damaged. */
const STATUS: Readonly<Record<Verdict, number>> = { clean: 0, findings: 1, damaged: EXIT_STATUS.corrupt };

/** Runs the command. @returns 0 for a clean disk, 1 for findings, 5 for damage */
export async function runVhdCheck(image: string, options: CheckCommandOptions): Promise<number> {
  const report = await withVhd(image, options, (source, container) =>
    checkVhd(source, container, {
      now: Math.floor(Date.now() / 1000),
      volume: options.lv ?? statSync(image).isBlockDevice(),
      data: options.data ?? false,
      chain: options.chain ?? false,
    }),
  );
  if (options.json === true) await printJson({ image, ...report });
  else await print(`${reportText(image, report, options.quiet ?? false)}\n`);
  return STATUS[report.verdict];
}

const WORDS: Readonly<Record<Severity, string>> = { error: 'ERROR', warning: 'WARNING', note: 'NOTE' };
const ORDER: readonly Severity[] = ['error', 'warning', 'note'];

function reportText(image: string, report: CheckReport, quiet: boolean): string {
  const counts = ORDER.map((severity) => [severity, report.findings.filter((finding) => finding.severity === severity).length] as const);
  const tally = counts.filter(([, count]) => count > 0).map(([severity, count]) => `${count} ${severity}${count === 1 ? '' : 's'}`);
  const files = report.checked.length > 1 ? ` (${report.checked.length} files)` : '';
  const head = `${printable(image)}${files}: ${bold(report.verdict)}${tally.length === 0 ? '' : `: ${tally.join(', ')}`}`;
  if (quiet) return head;
  const several = report.checked.length > 1;
  const lines = ORDER.flatMap((severity) => report.findings.filter((finding) => finding.severity === severity)).flatMap((finding) =>
    findingText(finding, several),
  );
  return [head, ...lines].join('\n');
}

function findingText(finding: Finding, several: boolean): string[] {
  // Many messages name the place themselves.
  const said = finding.offset === null || new RegExp(`\\bbyte ${finding.offset}\\b`).test(finding.message);
  const where = said ? '' : ` (at byte ${finding.offset})`;
  const file = several ? `${printable(finding.path)}: ` : '';
  const head = `  ${WORDS[finding.severity]} ${finding.code}: `;
  const message = folded(`${head}${file}${printable(finding.message)}${where}`, '      ');
  // Emphasis has no width: it comes after the lines were broken.
  const lines = [message.replace(finding.code, bold(finding.code))];
  lines.push(folded(`      meaning: ${finding.meaning}`, '        '));
  if (finding.remedy !== null) lines.push(`      mend it: ${printable(finding.remedy)}`);
  return lines;
}
