/** The bitmap before a block's data: one bit for each sector, the first sector in the highest bit of the first byte. */

/** Whether all of the first `sectors` bits are set. */
export function isFull(bitmap: Uint8Array, sectors: number): boolean {
  const whole = sectors >> 3;
  for (let i = 0; i < whole; i++) if (bitmap[i] !== 0xff) return false;
  const rest = sectors & 7;
  if (rest === 0) return true;
  const mask = 0xff & ~(0xff >> rest);
  return ((bitmap[whole] as number) & mask) === mask;
}

/** Whether a sector is here. */
export function isPresent(bitmap: Uint8Array, sector: number): boolean {
  return ((bitmap[sector >> 3] as number) & (0x80 >> (sector & 7))) !== 0;
}

/** How many sectors from `sector` on have the same bit, at most up to `end`. */
export function equalBits(bitmap: Uint8Array, sector: number, end: number): number {
  const present = isPresent(bitmap, sector);
  const uniform = present ? 0xff : 0;
  let at = sector + 1;
  while (at < end) {
    if ((at & 7) === 0 && at + 8 <= end && bitmap[at >> 3] === uniform) at += 8;
    else if (isPresent(bitmap, at) === present) at += 1;
    else break;
  }
  return at - sector;
}

/** How many of the first `sectors` bits are set. */
export function countPresent(bitmap: Uint8Array, sectors: number): number {
  let count = 0;
  for (let sector = 0; sector < sectors; ) {
    const run = equalBits(bitmap, sector, sectors);
    if (isPresent(bitmap, sector)) count += run;
    sector += run;
  }
  return count;
}
