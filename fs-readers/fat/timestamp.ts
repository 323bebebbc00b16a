/** Dates and times of directory entries (section 6.3): local time of nobody knows where; as Linux does, UTC is taken. */
import type { Timestamp } from '../filesystem.js';

const DAY = 86_400;
/** Days before each month of a year without a leap day; months that do not exist start no day later, as in Linux. */
const DAYS_BEFORE = [0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 0, 0, 0] as const;
/** 1980-01-01 in seconds since 1970. */
const EPOCH_1980 = 315_532_800;

/**
 * @param date days since 1980: bits 0-4 day, 5-8 month, 9-15 year; zeros count as ones
 * @param time bits 0-4 two seconds, 5-10 minute, 11-15 hour
 * @param hundredths 0 to 199, to be added to the two seconds
 */
export function fatTimestamp(date: number, time: number, hundredths: number): Timestamp {
  const year = date >> 9;
  const month = Math.max(1, (date >> 5) & 0xf);
  const day = Math.max(1, date & 0x1f);
  // 2100 (year 120) is no leap year, and years end at 2107.
  let leapDays = (year + 3) >> 2;
  if (year > 120) leapDays -= 1;
  if (year % 4 === 0 && year !== 120 && month > 2) leapDays += 1;
  const days = year * 365 + leapDays + (DAYS_BEFORE[month] ?? 0) + day - 1;
  const seconds = (time >> 11) * 3600 + ((time >> 5) & 0x3f) * 60 + (time & 0x1f) * 2 + Math.floor(hundredths / 100);
  return { seconds: EPOCH_1980 + days * DAY + seconds, nanoseconds: (hundredths % 100) * 10_000_000 };
}
