/** Writing VHDs: what is to be written where, as data. The host side, which writes it, is `src/extract`. */
export { COPY_LAYOUTS, type CopyLayout, type CopyShape, copyFooter, copyShape, type DiskIdentity, vhdTime } from './copy-layout.js';
export { BLOCK_BITMAP_SIZE, DynamicImage, type PlacedBytes } from './dynamic-image.js';
export { planRepair, type RepairOptions, type RepairPlan, type RepairStep } from './repair-plan.js';
