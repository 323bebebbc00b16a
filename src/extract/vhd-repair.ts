/** Carrying out the plan of a VHD repair on the host. */
import type { RepairPlan } from '../disk/vhd-writer/index.js';
import type { WriteTarget } from './host-target.js';
import type { ReplacedPart } from './sector-backup.js';

/** The bytes of the image that a plan replaces or cuts off. */
export function replacedParts(plan: RepairPlan): ReplacedPart[] {
  return plan.steps.map((step) =>
    step.kind === 'write'
      ? { offset: step.offset, length: step.bytes.length }
      : { offset: step.size, length: Math.max(0, plan.file.source.size - step.size) },
  );
}

/** Carries out the steps in order; each is flushed before the next begins, so that a crash leaves a good footer. */
export async function applyRepair(plan: RepairPlan, target: WriteTarget): Promise<void> {
  for (const step of plan.steps) {
    if (step.kind === 'write') await target.write(step.offset, step.bytes);
    else await target.truncate(step.size);
    await target.sync();
  }
}
