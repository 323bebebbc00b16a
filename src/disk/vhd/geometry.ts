/** The cylinders, heads and sectors of a footer: what Virtual PC showed its guests. tygrub uses `currentSize` instead. */
import { SECTOR } from './layout.js';

export interface Geometry {
  readonly cylinders: number;
  readonly heads: number;
  readonly sectorsPerTrack: number;
}

/** The largest geometry that ATA can name. */
const MAX_SECTORS = 65_535 * 16 * 255;

/** The geometry for a size in bytes, by the specification's appendix ("CHS Calculation"). */
export function geometryOf(size: number): Geometry {
  const total = Math.min(Math.ceil(size / SECTOR), MAX_SECTORS);
  if (total >= 65_535 * 16 * 63) return withCylinders(total, 16, 255);
  const tracks = Math.floor(total / 17);
  const heads = Math.max(4, Math.ceil(tracks / 1024));
  if (tracks < heads * 1024 && heads <= 16) return withCylinders(total, heads, 17);
  if (Math.floor(total / 31) < 16 * 1024) return withCylinders(total, 16, 31);
  return withCylinders(total, 16, 63);
}

function withCylinders(total: number, heads: number, sectorsPerTrack: number): Geometry {
  return { cylinders: Math.floor(Math.floor(total / sectorsPerTrack) / heads), heads, sectorsPerTrack };
}

/** Bytes that a geometry spans. */
export function geometrySize({ cylinders, heads, sectorsPerTrack }: Geometry): number {
  return cylinders * heads * sectorsPerTrack * SECTOR;
}

/** The geometry as the 32-bit number of the footer, by which vhd-util compares two of them. */
export function geometryNumber({ cylinders, heads, sectorsPerTrack }: Geometry): number {
  return cylinders * 0x1_0000 + heads * 0x100 + sectorsPerTrack;
}
