/**
 * On-disk structures as tables: one row per field, with the name that the format's own documentation uses, its byte
 * offset and its type. A reader decodes a structure once and then uses names; no offset stands anywhere else.
 *
 *     const HEADER = layout('VHD dynamic header', 1024, 'big', {
 *       cookie:      [0, ascii(8)],
 *       tableOffset: [16, u64],
 *     });
 *     const header = HEADER.decode(bytes);   // { cookie: string; tableOffset: number }
 */
import { corrupt } from '../errors.js';

/** Byte order of the integers of a structure. */
export type ByteOrder = 'little' | 'big';

/** How one field is read and written. `at` is an absolute position in `view`. */
export interface FieldType<T> {
  /** Bytes that the field takes. */
  readonly size: number;
  read(view: DataView, at: number, little: boolean, field: string): T;
  write(view: DataView, at: number, little: boolean, value: T): void;
}

type FieldTable = Readonly<Record<string, readonly [offset: number, type: FieldType<never>]>>;
type FieldValue<R> = R extends readonly [number, FieldType<infer T>] ? T : never;

/** The decoded structure of a layout: `Decoded<typeof HEADER>`. */
export type Decoded<L> = L extends Layout<infer T> ? T : never;

/** A structure of fixed size. */
export interface Layout<T> {
  readonly name: string;
  /** Bytes of the whole structure. */
  readonly size: number;
  /**
   * Decodes the structure that starts at `at` in `bytes`.
   * @throws TygrubError corrupt when fewer than `size` bytes are there or a 64-bit field is above 2^53 - 1.
   */
  decode(bytes: Uint8Array, at?: number): T;
  /** Writes the given fields of the structure into `bytes` at `at`; other bytes stay. */
  encode(bytes: Uint8Array, values: Partial<T>, at?: number): void;
  /** Byte offset of a field inside the structure (for checksums that leave a field out). */
  offsetOf(field: keyof T): number;
  /** Bytes of a field. */
  sizeOf(field: keyof T): number;
}

/**
 * Makes a layout.
 * @param name what error messages call the structure
 * @param size bytes of the structure
 * @param order byte order of its integers
 * @param fields the table; offsets are bytes from the structure's start
 */
export function layout<const F extends Readonly<Record<string, readonly [number, FieldType<never> | FieldType<unknown>]>>>(
  name: string,
  size: number,
  order: ByteOrder,
  fields: F,
): Layout<{ -readonly [K in keyof F]: FieldValue<F[K]> }> {
  return new Structure<{ -readonly [K in keyof F]: FieldValue<F[K]> }>(name, size, order === 'little', fields as unknown as FieldTable);
}

/** One field, ready to be read. */
interface Row {
  readonly field: string;
  readonly offset: number;
  readonly type: FieldType<unknown>;
  /** What error messages call it. */
  readonly label: string;
}

/**
 * A layout. Its rows are made when it is first used: most programs use few of the structures that they know, and a start
 * should not pay for all.
 */
class Structure<T> implements Layout<T> {
  private rows: readonly Row[] | null = null;

  constructor(
    readonly name: string,
    readonly size: number,
    private readonly little: boolean,
    private readonly fields: FieldTable,
  ) {}

  decode(bytes: Uint8Array, at = 0): T {
    const { size, little } = this;
    if (at < 0 || at + size > bytes.length) {
      throw corrupt('bytes.truncated', `${this.name} is cut off: ${size} bytes expected, ${Math.max(0, bytes.length - at)} there`);
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const out: Record<string, unknown> = {};
    for (const { field, offset, type, label } of this.table()) out[field] = type.read(view, at + offset, little, label);
    return out as T;
  }

  encode(bytes: Uint8Array, values: Partial<T>, at = 0): void {
    if (at < 0 || at + this.size > bytes.length) throw new RangeError(`layout ${this.name}: no room to write at ${at}`);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (const [field, value] of Object.entries(values)) {
      const [offset, type] = this.row(field);
      (type as FieldType<unknown>).write(view, at + offset, this.little, value);
    }
  }

  offsetOf(field: keyof T): number {
    return this.row(String(field))[0];
  }

  sizeOf(field: keyof T): number {
    return this.row(String(field))[1].size;
  }

  private table(): readonly Row[] {
    this.rows ??= Object.entries(this.fields).map(([field, [offset, type]]) => {
      if (offset + type.size > this.size) throw new RangeError(`layout ${this.name}: field ${field} ends after the structure`);
      return { field, offset, type: type as FieldType<unknown>, label: `${this.name} ${field}` };
    });
    return this.rows;
  }

  private row(field: string): readonly [offset: number, type: FieldType<never>] {
    const found = this.fields[field];
    if (found === undefined) throw new RangeError(`layout ${this.name} has no field ${field}`);
    return found;
  }
}

/** Unsigned 8-bit integer. */
export const u8: FieldType<number> = {
  size: 1,
  read: (view, at) => view.getUint8(at),
  write: (view, at, _little, value) => view.setUint8(at, value),
};

/** Unsigned 16-bit integer in the structure's byte order. */
export const u16: FieldType<number> = {
  size: 2,
  read: (view, at, little) => view.getUint16(at, little),
  write: (view, at, little, value) => view.setUint16(at, value, little),
};

/** Unsigned 32-bit integer in the structure's byte order. */
export const u32: FieldType<number> = {
  size: 4,
  read: (view, at, little) => view.getUint32(at, little),
  write: (view, at, little, value) => view.setUint32(at, value, little),
};

/** Signed 16-bit integer in the structure's byte order. */
export const i16: FieldType<number> = {
  size: 2,
  read: (view, at, little) => view.getInt16(at, little),
  write: (view, at, little, value) => view.setInt16(at, value, little),
};

/** Signed 32-bit integer in the structure's byte order. */
export const i32: FieldType<number> = {
  size: 4,
  read: (view, at, little) => view.getInt32(at, little),
  write: (view, at, little, value) => view.setInt32(at, value, little),
};

function halves(view: DataView, at: number, little: boolean): { high: number; low: number } {
  return little
    ? { low: view.getUint32(at, true), high: view.getUint32(at + 4, true) }
    : { high: view.getUint32(at, false), low: view.getUint32(at + 4, false) };
}

function writeHalves(view: DataView, at: number, little: boolean, high: number, low: number): void {
  view.setUint32(at + (little ? 0 : 4), low, little);
  view.setUint32(at + (little ? 4 : 0), high, little);
}

/**
 * The one helper for 64-bit numbers from a disk: joins the halves to a safe integer.
 * @param field named in the error
 * @throws TygrubError corrupt above 2^53 - 1, which no real offset, size or block number reaches.
 */
export function safeU64(high: number, low: number, field: string): number {
  if (high > 0x1fffff) {
    throw corrupt('bytes.number-too-large', `${field} is impossibly large: 0x${high.toString(16)}${low.toString(16).padStart(8, '0')}`);
  }
  return high * 0x1_0000_0000 + low;
}

/** Unsigned 64-bit integer as a safe integer; decoding throws `corrupt` above 2^53 - 1. */
export const u64: FieldType<number> = {
  size: 8,
  read(view, at, little, field) {
    const { high, low } = halves(view, at, little);
    return safeU64(high, low, field);
  },
  write: (view, at, little, value) => writeHalves(view, at, little, Math.floor(value / 0x1_0000_0000), value >>> 0),
};

/** Unsigned 64-bit integer where a value above 2^53 - 1 (all ones, say) means "none": decodes to null. */
export const u64OrNone: FieldType<number | null> = {
  size: 8,
  read(view, at, little) {
    const { high, low } = halves(view, at, little);
    return high > 0x1fffff ? null : high * 0x1_0000_0000 + low;
  },
  write(view, at, little, value) {
    if (value === null) writeHalves(view, at, little, 0xffffffff, 0xffffffff);
    else writeHalves(view, at, little, Math.floor(value / 0x1_0000_0000), value >>> 0);
  },
};

/** 64 flag bits (or a value only ever compared) as two unsigned halves. */
export const flags64: FieldType<{ readonly high: number; readonly low: number }> = {
  size: 8,
  read: (view, at, little) => halves(view, at, little),
  write: (view, at, little, value) => writeHalves(view, at, little, value.high, value.low),
};

/** `length` bytes as they are: a copy, so that a decoded structure outlives the buffer it came from. */
export function bytes(length: number): FieldType<Uint8Array> {
  return {
    size: length,
    read: (view, at) => new Uint8Array(view.buffer, view.byteOffset + at, length).slice(),
    write(view, at, _little, value) {
      const target = new Uint8Array(view.buffer, view.byteOffset + at, length);
      target.fill(0);
      target.set(value.subarray(0, length));
    },
  };
}

/** `length` bytes as one character each (ISO 8859-1), unchanged: for magics and cookies. */
export function ascii(length: number): FieldType<string> {
  return {
    size: length,
    read(view, at) {
      let text = '';
      for (let i = 0; i < length; i++) text += String.fromCharCode(view.getUint8(at + i));
      return text;
    },
    write(view, at, _little, value) {
      for (let i = 0; i < length; i++) view.setUint8(at + i, i < value.length ? value.charCodeAt(i) & 0xff : 0);
    },
  };
}

/** `count` integers of one type, one after the other. */
export function array<T>(count: number, type: FieldType<T>): FieldType<T[]> {
  return {
    size: count * type.size,
    read(view, at, little, field) {
      const out: T[] = [];
      for (let i = 0; i < count; i++) out.push(type.read(view, at + i * type.size, little, field));
      return out;
    },
    write(view, at, little, values) {
      values.forEach((value, i) => {
        if (i < count) type.write(view, at + i * type.size, little, value);
      });
    },
  };
}
