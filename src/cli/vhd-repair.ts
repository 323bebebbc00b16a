/** `tygrub vhd repair`: the footer back in its place. */
import { existsSync } from 'node:fs';
import { printable } from '../bytes/text.js';
import { planRepair, type RepairPlan } from '../disk/vhd-writer/index.js';
import { TygrubError, usageError } from '../errors.js';
import { HostTarget } from '../extract/host-target.js';
import { restoreBackup, writeBackup } from '../extract/sector-backup.js';
import { applyRepair, replacedParts } from '../extract/vhd-repair.js';
import { HostFileSource } from '../source/host-file.js';
import { limitsOf, type ReadOptions } from './options.js';
import { print, printJson, warn } from './output.js';

export interface RepairCommandOptions extends Pick<ReadOptions, 'limit' | 'quiet'> {
  readonly size?: number;
  readonly write?: boolean;
  readonly backup?: string;
  readonly restore?: string;
  readonly json?: boolean;
}

/** Runs the command. @returns 0; with `--json` and without `--write`, as in words: nothing was written */
export async function runVhdRepair(image: string, options: RepairCommandOptions): Promise<number> {
  if (image === '') throw usageError('cli.empty-path', 'the image has an empty path');
  if (options.restore !== undefined) return restore(image, options.restore, options);
  const write = options.write === true;
  const target = write ? HostTarget.open(image) : null;
  const source = target?.source ?? HostFileSource.open(image);
  try {
    const fixedLength = target?.isDevice ?? source.identity.startsWith('rdev:');
    const limits = limitsOf(options);
    const plan = await planRepair(source, { limits, path: image, fixedLength, size: options.size ?? null });
    let backup: string | null = null;
    if (target !== null && plan.steps.length > 0) {
      backup = await keepSectors(image, plan, options.backup, fixedLength, limits.repairBackup);
      await applyRepair(plan, target);
    }
    if (options.quiet !== true) for (const { message } of plan.file.warnings) warn(`warning: ${image}: ${message}`);
    if (options.json === true) await printJson(planJson(image, plan, write, backup));
    else await print(planText(image, plan, write, backup));
    return 0;
  } finally {
    await source.close();
  }
}

/** Backups of earlier repairs that may lie beside the image before a name must be given. */
const BACKUPS = 99;

async function keepSectors(image: string, plan: RepairPlan, wish: string | undefined, isDevice: boolean, maxSize: number): Promise<string> {
  if (wish === undefined && isDevice) {
    throw usageError('vhd.repair-backup', `${image} is a block device: there is no room beside it for the sectors that are replaced`, {
      hint: 'name a file for them with --backup FILE',
    });
  }
  const path = wish ?? freeName(`${image}.tygrub-backup`);
  await writeBackup(path, image, plan.file.source, replacedParts(plan), maxSize);
  return path;
}

/** A name that no file has; the creation itself is exclusive, so a race only makes it fail. */
function freeName(first: string): string {
  for (let n = 1; n <= BACKUPS; n++) {
    const path = n === 1 ? first : `${first}.${n}`;
    if (!existsSync(path)) return path;
  }
  throw usageError('vhd.repair-backup', `${BACKUPS} backups named ${first} are there already`, {
    hint: 'name another file with --backup FILE',
  });
}

function planJson(image: string, plan: RepairPlan, written: boolean, backup: string | null) {
  return {
    image,
    uuid: plan.file.uuid,
    footerOffset: plan.footerOffset,
    dataEnd: plan.dataEnd,
    steps: plan.steps.map((step) =>
      step.kind === 'write'
        ? { kind: step.kind, offset: step.offset, length: step.bytes.length, why: step.why }
        : { kind: step.kind, size: step.size, why: step.why },
    ),
    written: written && plan.steps.length > 0,
    backup,
    warnings: plan.file.warnings,
  };
}

function planText(image: string, plan: RepairPlan, written: boolean, backup: string | null): string {
  const name = printable(image);
  if (plan.steps.length === 0) return `${name}: the footers are in order, nothing to mend\n`;
  const lines = plan.steps.map((step) =>
    step.kind === 'write'
      ? `  ${written ? 'wrote' : 'write'} ${step.bytes.length} bytes at byte ${step.offset}: ${step.why}`
      : `  cut the file to ${step.size} bytes: ${step.why}`,
  );
  const head = written ? `${name}: mended` : `${name}: this would be done`;
  const foot = written
    ? `what was replaced is kept in ${printable(backup ?? '')}; \`tygrub vhd repair --restore\` puts it back`
    : 'nothing was written; --write does it. No VM may use the disk then';
  return `${[head, ...lines, foot].join('\n')}\n`;
}

async function restore(image: string, path: string, options: RepairCommandOptions): Promise<number> {
  if (options.size !== undefined || options.backup !== undefined) {
    throw new TygrubError('usage', 'vhd.restore-options', '--restore takes everything from the backup: no --size, no --backup');
  }
  if (options.write !== true) {
    throw usageError('vhd.restore-write', `--restore writes to ${image}`, { hint: 'confirm it with --write' });
  }
  const backup = HostFileSource.open(path);
  try {
    const target = HostTarget.open(image);
    try {
      const place = { path: image, source: target.source, fixedLength: target.isDevice };
      const parts = await restoreBackup(backup, place, target, limitsOf(options).repairBackup);
      if (options.json === true) await printJson({ image, backup: path, parts, restored: true });
      else await print(`${printable(image)}: ${parts.length} parts are as they were before\n`);
      return 0;
    } finally {
      await target.close();
    }
  } finally {
    await backup.close();
  }
}
