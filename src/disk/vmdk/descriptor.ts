/** The descriptor: text that says which extents make the disk. */
import { decodeLatin1, decodeUtf8 } from '../../bytes/text.js';
import { corrupt, limitReached, unsupported } from '../../errors.js';
import type { Limits } from '../../limits.js';

/** One `RW 4192256 SPARSE "disk-s001.vmdk"` line. */
export interface Extent {
  readonly access: string;
  /** Sectors. */
  readonly sectors: number;
  readonly type: string;
  /** Null for ZERO. */
  readonly fileName: string | null;
  /** Sectors into the file, for FLAT. */
  readonly offset: number;
}

export interface Descriptor {
  readonly createType: string;
  readonly extents: readonly Extent[];
}

/** `parentCID` of a disk without a parent. */
const NO_PARENT = 'ffffffff';

/**
 * Reads a descriptor.
 * @param bytes the text, up to its first NUL
 * @throws TygrubError corrupt, limit (`volumes`: extents), unsupported for disks with a parent
 */
export function parseDescriptor(bytes: Uint8Array, limits: Limits): Descriptor {
  const end = bytes.indexOf(0);
  const whole = end < 0 ? bytes : bytes.subarray(0, end);
  const text = decodeUtf8(whole) ?? decodeLatin1(whole);
  const values = new Map<string, string>();
  const extents: Extent[] = [];
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const extent = parseExtent(line);
    if (extent !== null) {
      if (extents.length >= limits.volumes) throw limitReached('volumes', `the descriptor names more than ${limits.volumes} extents`);
      extents.push(extent);
      continue;
    }
    const equals = line.indexOf('=');
    if (equals > 0) values.set(line.slice(0, equals).trim().toLowerCase(), unquoted(line.slice(equals + 1).trim()));
  }
  const parent = values.get('parentcid')?.toLowerCase();
  if (parent !== undefined && parent !== NO_PARENT) {
    throw unsupported('vmdk.parent', `the disk is a snapshot of ${values.get('parentfilenamehint') ?? 'another disk'}`, {
      hint: 'make one file of the chain with qemu-img convert',
    });
  }
  if (extents.length === 0) throw corrupt('vmdk.no-extents', 'the descriptor names no extents');
  return { createType: values.get('createtype') ?? '', extents };
}

function unquoted(text: string): string {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}

const ACCESS = new Set(['RW', 'RDONLY', 'NOACCESS']);

function parseExtent(line: string): Extent | null {
  const open = line.indexOf('"');
  const close = line.lastIndexOf('"');
  const head = (open < 0 ? line : line.slice(0, open)).trim().split(/[ \t]+/);
  const [access = '', size = '', type = ''] = head;
  if (!ACCESS.has(access)) return null;
  const sectors = /^\d{1,15}$/.test(size) ? Number(size) : Number.NaN;
  if (Number.isNaN(sectors) || type === '') throw corrupt('vmdk.extent-line', `this extent line cannot be read: ${line.slice(0, 100)}`);
  const rest = close > open ? line.slice(close + 1).trim() : '';
  return {
    access,
    sectors,
    type,
    fileName: close > open ? line.slice(open + 1, close) : null,
    offset: /^\d{1,15}$/.test(rest) ? Number(rest) : 0,
  };
}
