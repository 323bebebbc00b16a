/** A metadata area: a ring of texts, and a header that says where the newest one is. */
import { decodeUtf8, nameText, untilNul } from '../../bytes/text.js';
import { corrupt, limitReached } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { ByteSource } from '../../source/byte-source.js';
import { type Area, lvmCrc } from './label.js';
import { FMTT_MAGIC, FMTT_VERSION, MDA_HEADER, MDA_HEADER_SIZE, RAW_LOCN, RAW_LOCN_IGNORED } from './layout.js';

/**
 * What was read so far. All physical volumes of a group have the same text, which is read once; a hostile disk of many that
 * differ is bounded in all by `limits.volumeMetadataSize`.
 */
export class MetadataTexts {
  private readonly known = new Set<string>();
  private remaining: number;

  constructor(limits: Limits) {
    this.remaining = limits.volumeMetadataSize;
  }

  has(size: number, checksum: number): boolean {
    return this.known.has(`${size}:${checksum}`);
  }

  add(size: number, checksum: number): void {
    this.known.add(`${size}:${checksum}`);
  }

  /** @throws TygrubError limit when so many bytes may not be read any more */
  take(size: number, where: string): void {
    if (size > this.remaining)
      throw limitReached('volumeMetadataSize', `the LVM2 metadata of ${where} have ${size} bytes, with others before them`);
    this.remaining -= size;
  }
}

/**
 * Reads the newest text of an area.
 * @param texts what other areas held
 * @returns null when the area holds none (a physical volume without a group, or an area that is not kept up to date), or one
 * that is known already
 * @throws TygrubError corrupt, limit
 */
export async function readMetadataText(source: ByteSource, area: Area, where: string, texts: MetadataTexts): Promise<string | null> {
  const offset = area.offset;
  if (offset + MDA_HEADER_SIZE > source.size)
    throw corrupt('lvm.area-outside', `an LVM2 metadata area of ${where} is past its end`, { offset });
  const sector = await source.read(offset, MDA_HEADER_SIZE);
  const header = MDA_HEADER.decode(sector);
  if (header.magic !== FMTT_MAGIC || header.version !== FMTT_VERSION) {
    throw corrupt('lvm.area-magic', `an LVM2 metadata area of ${where} has no header that tygrub knows`, { offset });
  }
  if (lvmCrc(sector.subarray(MDA_HEADER.offsetOf('magic'))) !== header.checksum_xl || header.start !== offset) {
    throw corrupt('lvm.area-checksum', `the header of an LVM2 metadata area of ${where} does not match its checksum`, { offset });
  }
  const text = RAW_LOCN.decode(sector, MDA_HEADER.size);
  if (text.offset === 0 || text.size === 0 || (text.flags & RAW_LOCN_IGNORED) !== 0) return null;
  if (texts.has(text.size, text.checksum)) return null;
  const room = header.size - MDA_HEADER_SIZE;
  if (text.offset < MDA_HEADER_SIZE || text.offset >= header.size || text.size > room || offset + header.size > source.size) {
    throw corrupt('lvm.metadata-outside', `the LVM2 metadata of ${where} is not inside its area`, { offset });
  }
  texts.take(text.size, where);
  const first = Math.min(text.size, header.size - text.offset);
  const bytes = new Uint8Array(text.size);
  bytes.set(await source.read(offset + text.offset, first));
  // The ring goes on behind the header.
  if (first < text.size) bytes.set(await source.read(offset + MDA_HEADER_SIZE, text.size - first), first);
  if (lvmCrc(bytes) !== text.checksum) {
    throw corrupt('lvm.metadata-checksum', `the LVM2 metadata of ${where} does not match its checksum`, {
      offset: offset + text.offset,
      hint: 'restore the metadata with vgcfgrestore',
    });
  }
  texts.add(text.size, text.checksum);
  const content = untilNul(bytes);
  return decodeUtf8(content) ?? nameText(content);
}
