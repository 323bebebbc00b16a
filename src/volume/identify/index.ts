/** What a volume holds, by its signature: so that people can be told what is there where no reader knows it. */
import type { ByteSource } from '../../source/byte-source.js';
import { allSignatures, type Magic, type Signature } from './signatures.js';

/** What was recognised. */
export interface Identity {
  /** blkid's name for it: `crypto_LUKS`, `LVM2_member`, `swap`, `ntfs`. */
  readonly type: string;
  /** A phrase for people: `LUKS encrypted volume`. */
  readonly description: string;
  readonly kind: Signature['kind'];
}

/** Bytes that one look reads: magics nearer than this to each other share a read. */
const WINDOW = 1024;

/**
 * Says what a volume holds by looking for signatures, a few dozen KiB in small reads. It proves nothing: a
 * reader that knows the format has the last word, and this one is asked where there is none.
 * @returns null when nothing is recognised
 */
export async function identify(source: ByteSource): Promise<Identity | null> {
  const windows = new Map<number, Uint8Array>();
  for (const signature of allSignatures()) {
    for (const magic of signature.magics) {
      if (await matches(source, magic, windows)) {
        return await refine(source, { type: signature.type, description: signature.description, kind: signature.kind });
      }
    }
  }
  return isViaMember(source);
}

/** Whether an ISO 9660 filesystem covers the whole disk, whatever partition table its first sectors also hold. */
export async function isOpticalDisc(disk: ByteSource): Promise<boolean> {
  return matches(disk, { at: 0x8001, bytes: 'CD001' }, new Map());
}

async function matches(source: ByteSource, magic: Magic, windows: Map<number, Uint8Array>): Promise<boolean> {
  const end = source.size - (source.size % (magic.align ?? 1));
  const offset = magic.at < 0 ? end + magic.at : magic.at;
  const length = magic.bytes.length;
  if (offset < 0 || offset + length > source.size) return false;
  for (let done = 0; done < length; ) {
    const place = offset + done;
    const index = Math.floor(place / WINDOW);
    let window = windows.get(index);
    if (window === undefined) {
      window = await source.read(index * WINDOW, Math.min(WINDOW, source.size - index * WINDOW));
      windows.set(index, window);
    }
    const inside = place - index * WINDOW;
    for (let i = inside; i < window.length && done < length; i++, done++) if (window[i] !== magic.bytes.charCodeAt(done)) return false;
  }
  return true;
}

/** Byte offset of `s_feature_incompat` in an ext superblock, and the bit that makes it an external journal. */
const EXT_FEATURE_INCOMPAT = 1024 + 0x60;
const EXT_JOURNAL_DEV = 0x08;

/** Tells apart what shares a signature. */
async function refine(source: ByteSource, identity: Identity): Promise<Identity> {
  if (identity.type !== 'ext' || EXT_FEATURE_INCOMPAT + 1 > source.size) return identity;
  const flags = (await source.read(EXT_FEATURE_INCOMPAT, 1))[0] ?? 0;
  return (flags & EXT_JOURNAL_DEV) === 0 ? identity : { type: 'jbd', description: 'external ext journal', kind: 'other' };
}

/** VIA RAID has only two bytes of signature, in the last sector, and a sum over the 50 bytes that follow it. */
async function isViaMember(source: ByteSource): Promise<Identity | null> {
  if (source.size < 512) return null;
  const bytes = await source.read(source.size - 512, 51);
  let sum = 0;
  for (let i = 0; i < 50; i++) sum += bytes[i] ?? 0;
  if (bytes[0] !== 0x55 || bytes[1] !== 0xaa || (sum & 0xff) !== bytes[50]) return null;
  return { type: 'via_raid_member', description: 'VIA RAID member', kind: 'member' };
}
