/** The two forms of dates: 7 bytes in directory records (ECMA-119, 9.1.5), 17 digits in descriptors (8.4.26.1). */
import type { Timestamp } from '../filesystem.js';

/** Quarters of an hour that a zone may be off Greenwich (as Linux takes them: more is garbage, and counts as none). */
const MAX_ZONE = 52;

/** Days from 0000-03-01 to 1970-01-01. */
const DAYS_TO_1970 = 719_499;

/** Seconds since 1970. Months and days that do not exist count as in Linux: a day more is a day later. */
function seconds(year: number, month: number, day: number, hour: number, minute: number, second: number, zone: number): number {
  // Years that start in March have their leap day at the end.
  const late = month <= 2;
  const m = late ? month + 10 : month - 2;
  const y = late ? year - 1 : year;
  const leapDays = Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400);
  const days = leapDays + Math.floor((367 * m) / 12) + day + y * 365 - DAYS_TO_1970;
  const signed = zone > 127 ? zone - 256 : zone;
  const offset = Math.abs(signed) <= MAX_ZONE ? signed * 15 * 60 : 0;
  return ((days * 24 + hour) * 60 + minute) * 60 + second - offset;
}

/** A date of 7 bytes: years since 1900, month, day, hour, minute, second, zone in quarters of an hour. */
export function shortDate(date: Uint8Array): Timestamp {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, zone = 0] = date;
  return { seconds: seconds(year + 1900, month, day, hour, minute, second, zone), nanoseconds: 0 };
}

/** A date of 16 digits and a zone; digits that are none count as 0. */
export function longDate(date: Uint8Array): Timestamp {
  const number = (from: number, to: number): number => {
    let value = 0;
    for (const byte of date.subarray(from, to)) value = value * 10 + (byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : 0);
    return value;
  };
  const zone = date[16] ?? 0;
  return {
    seconds: seconds(number(0, 4), number(4, 6), number(6, 8), number(8, 10), number(10, 12), number(12, 14), zone),
    nanoseconds: number(14, 16) * 10_000_000,
  };
}

/**
 * The UUID that GRUB and blkid make of a descriptor's modification date: `YYYY-MM-DD-hh-mm-ss-cc`.
 * @returns null when no date is set
 */
export function dateUuid(date: Uint8Array): string | null {
  const digits = String.fromCharCode(...date.subarray(0, 16));
  if (digits === '\0'.repeat(16)) return null;
  const parts = [0, 4, 6, 8, 10, 12, 14].map((from, i, all) => digits.slice(from, all[i + 1] ?? 16));
  return parts.join('-');
}
