/** Small ISO 9660 images in memory, made record by record with the reader's own tables of offsets. */
import { SECTOR, STANDARD_ID, VOLUME_DESCRIPTOR } from '../../../fs-readers/iso9660/descriptor-id.js';
import {
  CE,
  CL,
  DIRECTORY_RECORD,
  FLAG_DIRECTORY,
  NM,
  PRIMARY_DESCRIPTOR,
  PX,
  SL,
  SP,
  SYSTEM_USE_ENTRY,
  TYPE_END,
  TYPE_PRIMARY,
  TYPE_SUPPLEMENTARY,
  ZF,
} from '../../../fs-readers/iso9660/layout.js';
import type { Layout } from '../../../src/bytes/layout.js';

export const ascii = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

/** UTF-16, big-endian. */
export const ucs2 = (text: string): Uint8Array =>
  Uint8Array.from({ length: text.length * 2 }, (_, i) => (i % 2 === 0 ? text.charCodeAt(i >> 1) >> 8 : text.charCodeAt(i >> 1) & 0xff));

/** A system use entry: header, fields, and bytes behind them. */
export function entry<T>(
  signature: string,
  fields?: { layout: Layout<T>; values: Partial<T> },
  rest: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const fixed = fields?.layout.size ?? SYSTEM_USE_ENTRY.size;
  const bytes = new Uint8Array(fixed + rest.length);
  fields?.layout.encode(bytes, fields.values);
  SYSTEM_USE_ENTRY.encode(bytes, { signature, length: bytes.length, version: 1 });
  bytes.set(rest, fixed);
  return bytes;
}

export const sp = (skip = 0): Uint8Array => entry('SP', { layout: SP, values: { check: Uint8Array.of(0xbe, 0xef), skip } });
export const er = (): Uint8Array => entry('ER', undefined, Uint8Array.of(4, 0, 0, 1, ...ascii('RRIP')));
export const nm = (name: string, flags = 0): Uint8Array => entry('NM', { layout: NM, values: { flags } }, new TextEncoder().encode(name));
export const px = (mode: number): Uint8Array => entry('PX', { layout: PX, values: { mode, links: 1, uid: 7, gid: 8 } });
export const cl = (location: number): Uint8Array => entry('CL', { layout: CL, values: { location } });
export const re = (): Uint8Array => entry('RE');
export const ce = (extent: number, offset: number, size: number): Uint8Array =>
  entry('CE', { layout: CE, values: { extent, offset, size } });
export const zf = (): Uint8Array => entry('ZF', { layout: ZF, values: { algorithm: 'pz', header_size: 4, log2_block_size: 15, size: 99 } });
/** SL with components as [flags, text]. */
export const sl = (components: readonly (readonly [number, string])[], flags = 0): Uint8Array =>
  entry(
    'SL',
    { layout: SL, values: { flags } },
    join(components.map(([componentFlags, text]) => join([Uint8Array.of(componentFlags, text.length), ascii(text)]))),
  );

export function join(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** A directory record. */
export interface Record {
  readonly name: Uint8Array;
  readonly extent?: number;
  readonly size?: number;
  readonly flags?: number;
  readonly systemUse?: Uint8Array;
  /** What the record says its length is, where that is a lie. */
  readonly length?: number;
}

export function record({ name, extent = 0, size = 0, flags = 0, systemUse = new Uint8Array(0), length }: Record): Uint8Array {
  const nameEnd = DIRECTORY_RECORD.size + name.length;
  const start = nameEnd + (nameEnd & 1);
  const bytes = new Uint8Array(start + systemUse.length + (systemUse.length & 1));
  DIRECTORY_RECORD.encode(bytes, {
    length: length ?? bytes.length,
    extent,
    size,
    date: Uint8Array.of(124, 2, 29, 12, 34, 56, 4),
    flags,
    name_len: name.length,
  });
  bytes.set(name, DIRECTORY_RECORD.size);
  bytes.set(systemUse, start);
  return bytes;
}

/** Sectors: 16 primary descriptor, 17 Joliet or end, 18 end, 20 root, 21 Joliet's root, 22 on for the rest. */
export const ROOT = 20;
export const JOLIET_ROOT = 21;

export class IsoImage {
  readonly bytes: Uint8Array;

  constructor(sectors = 40, withJoliet = false) {
    this.bytes = new Uint8Array(sectors * SECTOR);
    this.descriptor(16, TYPE_PRIMARY, ROOT, ascii('TYGRUB ISO'.padEnd(32)));
    this.descriptor(17, withJoliet ? TYPE_SUPPLEMENTARY : TYPE_END, JOLIET_ROOT, ucs2('Joliet äöü'.padEnd(16)));
    this.descriptor(18, TYPE_END, ROOT, new Uint8Array(32));
  }

  private descriptor(sector: number, type: number, root: number, volumeId: Uint8Array): void {
    const at = sector * SECTOR;
    VOLUME_DESCRIPTOR.encode(this.bytes, { type, id: STANDARD_ID, version: 1 }, at);
    if (type === TYPE_END) return;
    PRIMARY_DESCRIPTOR.encode(
      this.bytes,
      {
        volume_id: volumeId,
        volume_space_size: this.bytes.length / SECTOR,
        escape_sequences: type === TYPE_SUPPLEMENTARY ? ascii('%/E') : new Uint8Array(32),
        logical_block_size: SECTOR,
        root_directory_record: record({ name: Uint8Array.of(0), extent: root, size: SECTOR, flags: FLAG_DIRECTORY }),
        modification_date: ascii('2024022912345678\x04'),
      },
      at,
    );
  }

  /** Writes a directory of one sector: `.`, `..` and the records. */
  directory(sector: number, records: readonly Uint8Array[], selfUse: Uint8Array = new Uint8Array(0), parent = ROOT): void {
    const self = record({ name: Uint8Array.of(0), extent: sector, size: SECTOR, flags: FLAG_DIRECTORY, systemUse: selfUse });
    const up = record({ name: Uint8Array.of(1), extent: parent, size: SECTOR, flags: FLAG_DIRECTORY });
    this.write(sector, join([self, up, ...records]));
  }

  write(sector: number, content: Uint8Array): void {
    this.bytes.set(content, sector * SECTOR);
  }
}

/** A disc with everything that the reader knows: three trees, links, a relocated directory, two extents, a continuation. */
export function sampleDisc(): IsoImage {
  const image = new IsoImage(40, true);
  image.directory(
    ROOT,
    [
      record({ name: ascii('BOOT'), extent: 22, size: SECTOR, flags: FLAG_DIRECTORY, systemUse: join([px(0o40755), nm('boot')]) }),
      record({
        name: ascii('VMLINUZ.;1'),
        systemUse: join([
          px(0o120777),
          nm('vmlinuz'),
          sl([
            [0, 'boot'],
            [0, 'vmlin'],
            [4, ''],
          ]),
        ]),
      }),
      record({ name: ascii('LONG.;1'), extent: 30, size: 5, systemUse: join([px(0o100644), nm('a name ', 1), ce(25, 100, 19)]) }),
      record({ name: ascii('DEEP.;1'), systemUse: join([nm('deep'), cl(24)]) }),
    ],
    join([sp(), px(0o40755), er()]),
  );
  image.bytes.set(nm('that continues'), 25 * SECTOR + 100);
  image.directory(
    22,
    [
      record({ name: ascii('BIG.;1'), extent: 26, size: SECTOR, flags: 0x80, systemUse: join([px(0o100600), nm('big')]) }),
      record({ name: ascii('BIG.;1'), extent: 30, size: 7, systemUse: join([px(0o100600), nm('big')]) }),
      record({ name: ascii('GRUB.CFG;1'), extent: 31, size: 14, systemUse: join([px(0o100644), nm('grub.cfg')]) }),
      record({ name: ascii('MOVED'), extent: 24, size: SECTOR, flags: FLAG_DIRECTORY, systemUse: join([nm('moved'), re()]) }),
    ],
    px(0o40700),
  );
  image.directory(24, [record({ name: ascii('IN.TXT;1'), extent: 30, size: 3, systemUse: nm('in.txt') })], px(0o40711));
  image.directory(JOLIET_ROOT, [
    record({ name: ucs2('Größe.txt;1'), extent: 30, size: 5 }),
    record({ name: ucs2('boot'), extent: 23, size: SECTOR, flags: FLAG_DIRECTORY }),
  ]);
  image.directory(23, [record({ name: ucs2('grub.cfg'), extent: 31, size: 14 })]);
  image.bytes.fill(0x42, 26 * SECTOR, 27 * SECTOR);
  image.write(30, ascii('hello world'));
  image.write(31, ascii('set default=0\n'));
  return image;
}
