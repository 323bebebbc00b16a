/** Writing VHDs: what is to be written where, as data. The host side, which writes it, is `src/extract`. */
export { planRepair, type RepairOptions, type RepairPlan, type RepairStep } from './repair-plan.js';
