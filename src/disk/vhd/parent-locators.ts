/** The parent's names: the locators' payloads and the header's Unicode name. All of it is untrusted text. */
import { decodeLatin1, decodeUtf8, decodeUtf16, untilNul } from '../../bytes/text.js';
import type { Limits } from '../../limits.js';
import type { ByteSource } from '../../source/byte-source.js';
import type { PlacedHeader } from './dynamic-header.js';
import { type DynamicHeader, NO_PLATFORM, PARENT_LOCATOR, PARENT_LOCATORS, type ParentLocatorEntry } from './layout.js';

/** A locator of the header, with its text. */
export interface ParentLocator {
  /** 0 to 7. */
  readonly index: number;
  /** `W2ku`, `W2ru`, `MacX`, `Wi2k`, `Wi2r`, `Mac `, or what else stands there. */
  readonly platform: string;
  readonly entry: ParentLocatorEntry;
  /** The payload as text; null where it cannot be read. */
  readonly text: string | null;
  /** Why the payload cannot be read; null when it can. */
  readonly problem: string | null;
}

const UTF16 = new Set(['W2ku', 'W2ru']);

/** The entries of the table that name a platform. */
export function locatorEntries(header: DynamicHeader): { index: number; entry: ParentLocatorEntry }[] {
  const out: { index: number; entry: ParentLocatorEntry }[] = [];
  for (let index = 0; index < PARENT_LOCATORS; index++) {
    const entry = PARENT_LOCATOR.decode(header.parentLocatorEntries, index * PARENT_LOCATOR.size);
    if (entry.platformCode !== NO_PLATFORM) out.push({ index, entry });
  }
  return out;
}

/** The text of a payload, by the form of its platform. */
export function locatorText(platform: string, payload: Uint8Array): string {
  if (UTF16.has(platform)) return decodeUtf16(payload, 'little');
  const bytes = untilNul(payload);
  return (platform === 'MacX' ? decodeUtf8(bytes) : null) ?? decodeLatin1(bytes);
}

/** Reads the locators of a VHD file; one that cannot be read is kept with its problem. */
export async function readParentLocators(source: ByteSource, placed: PlacedHeader, limits: Limits): Promise<ParentLocator[]> {
  const out: ParentLocator[] = [];
  for (const { index, entry } of locatorEntries(placed.header)) {
    const { platformDataOffset: offset, platformDataLength: length, platformCode: platform } = entry;
    const row = { index, entry, platform };
    if (length > limits.parentLocatorSize) {
      out.push({
        ...row,
        text: null,
        problem: `${length} bytes of text; ${limits.parentLocatorSize} are read at most (limit parentLocatorSize)`,
      });
    } else if (offset === null || offset + length > source.size) {
      out.push({ ...row, text: null, problem: `its text at byte ${offset ?? 'none'} lies outside the file` });
    } else {
      out.push({ ...row, text: locatorText(platform, await source.read(offset, length)), problem: null });
    }
  }
  return out;
}

/** The header's own name of the parent. */
export function parentUnicodeName(header: DynamicHeader): string {
  return decodeUtf16(header.parentUnicodeName, 'big');
}
