/** The header of a qcow2 image: checked values, never raw ones. */
import { nameText } from '../../bytes/text.js';
import { corrupt, limitReached, unsupported, type Warning } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { ByteSource } from '../../source/byte-source.js';
import { COMPRESSION_TYPE, ExtensionType, HEADER, HEADER_EXTENSION, HEADER_V3, INCOMPATIBLE_FEATURES } from './layout.js';

/** What a reader needs to know of an image. */
export interface Qcow2Header {
  readonly version: number;
  /** Bytes of the virtual disk. */
  readonly size: number;
  readonly clusterSize: number;
  /** Entries of the L1 table. */
  readonly l1Size: number;
  readonly l1TableOffset: number;
  readonly extendedL2: boolean;
  readonly compression: 'deflate' | 'zstd';
  readonly backingFile: string | null;
  /** What the image says its backing file is; null where it does not say. */
  readonly backingFormat: string | null;
  readonly warnings: readonly Warning[];
}

/** Bytes of a backing file's name, by the specification. */
const MAX_BACKING_NAME = 1023;

/**
 * Reads and checks the header.
 * @throws TygrubError corrupt, unsupported (encryption, external data files, unknown features), limit
 */
export async function readHeader(source: ByteSource, limits: Limits): Promise<Qcow2Header> {
  const header = HEADER.decode(await source.read(0, Math.min(source.size, HEADER.size)));
  const at = (field: Parameters<typeof HEADER.offsetOf>[0]) => ({ offset: HEADER.offsetOf(field) });
  if (header.version < 2 || header.version > 3)
    throw unsupported('qcow2.version', `qcow2 version ${header.version} is not read`, at('version'));
  if (header.clusterBits < 9 || header.clusterBits > 21) {
    throw corrupt('qcow2.cluster-bits', `clusters of 2^${header.clusterBits} bytes: 2^9 to 2^21 are possible`, at('clusterBits'));
  }
  if (header.cryptMethod !== 0)
    throw unsupported('qcow2.encryption', 'the image is encrypted', { ...at('cryptMethod'), hint: 'decrypt it with qemu-img convert' });
  const warnings: Warning[] = [];
  let headerLength = HEADER.size;
  let extendedL2 = false;
  let compression: 'deflate' | 'zstd' = 'deflate';
  if (header.version === 3) {
    const v3 = HEADER_V3.decode(await source.read(HEADER.size, Math.min(HEADER_V3.size, source.size - HEADER.size)));
    headerLength = v3.headerLength;
    if (headerLength < HEADER.size + HEADER_V3.size || headerLength > 2 ** header.clusterBits || headerLength > source.size) {
      throw corrupt('qcow2.header-length', `the header says it has ${headerLength} bytes`, {
        offset: HEADER.size + HEADER_V3.offsetOf('headerLength'),
      });
    }
    const features = checkFeatures(v3.incompatibleFeatures, warnings);
    extendedL2 = features.has('extended L2 entries');
    if (extendedL2 && header.clusterBits < 14)
      throw corrupt('qcow2.cluster-bits', 'extended L2 entries need clusters of 16 KiB or more', at('clusterBits'));
    const compressionAt = HEADER.size + HEADER_V3.size;
    const { compressionType } =
      headerLength > compressionAt ? COMPRESSION_TYPE.decode(await source.read(compressionAt, 1)) : { compressionType: 0 };
    if (compressionType > 1)
      throw unsupported('qcow2.compression-type', `compression type ${compressionType} is not read`, { offset: compressionAt });
    if (compressionType === 1) compression = 'zstd';
  }
  const clusterSize = 2 ** header.clusterBits;
  const l2Entries = clusterSize / (extendedL2 ? 16 : 8);
  const needed = Math.ceil(header.size / (clusterSize * l2Entries));
  if (header.l1Size < needed)
    throw corrupt('qcow2.l1-size', `the L1 table has ${header.l1Size} entries, the disk needs ${needed}`, at('l1Size'));
  if (needed > 0 && (header.l1TableOffset % clusterSize !== 0 || header.l1TableOffset + needed * 8 > source.size)) {
    throw corrupt('qcow2.l1-table', `the L1 table at byte ${header.l1TableOffset} is not inside the file`, at('l1TableOffset'));
  }
  const backingFormat = await readBackingFormat(source, headerLength, Math.min(clusterSize, source.size), limits);
  const backingFile = await readBackingName(source, header.backingFileOffset, header.backingFileSize);
  return {
    version: header.version,
    size: header.size,
    clusterSize,
    l1Size: header.l1Size,
    l1TableOffset: header.l1TableOffset,
    extendedL2,
    compression,
    backingFile,
    backingFormat: backingFile === null ? null : backingFormat,
    warnings,
  };
}

function checkFeatures(bits: { high: number; low: number }, warnings: Warning[]): Set<string> {
  const found = new Set<string>();
  let unknown = bits.low;
  for (const [bit, name] of INCOMPATIBLE_FEATURES) {
    if (((bits.low >>> bit) & 1) === 1) {
      found.add(name);
      unknown &= ~(1 << bit);
    }
  }
  if (unknown !== 0 || bits.high !== 0) {
    throw unsupported(
      'qcow2.feature',
      `unknown incompatible features 0x${bits.high.toString(16)}${(unknown >>> 0).toString(16).padStart(8, '0')}`,
    );
  }
  if (found.has('external data file')) {
    throw unsupported('qcow2.external-data-file', 'the data lie in an external data file', {
      hint: 'make one file of it with qemu-img convert',
    });
  }
  if (found.has('corrupt')) {
    warnings.push({ code: 'qcow2.marked-corrupt', message: 'QEMU marked the image as corrupt', hint: 'check it with `qemu-img check`' });
  }
  return found;
}

async function readBackingFormat(source: ByteSource, start: number, end: number, limits: Limits): Promise<string | null> {
  for (let at = start, count = 0; at + HEADER_EXTENSION.size <= end; count++) {
    if (count > limits.treeDepth * 16) throw limitReached('treeDepth', 'the header has too many extensions', { offset: at });
    const { type, length } = HEADER_EXTENSION.decode(await source.read(at, HEADER_EXTENSION.size));
    if (type === ExtensionType.end) return null;
    const data = at + HEADER_EXTENSION.size;
    if (data + length > end)
      throw corrupt('qcow2.extension', `a header extension of ${length} bytes does not fit in the header`, { offset: at });
    if (type === ExtensionType.backingFormat) return nameText(await source.read(data, length));
    at = data + Math.ceil(length / 8) * 8;
  }
  return null;
}

async function readBackingName(source: ByteSource, offset: number, length: number): Promise<string | null> {
  if (offset === 0) return null;
  if (length === 0 || length > MAX_BACKING_NAME || offset + length > source.size) {
    throw corrupt('qcow2.backing-name', `the backing file's name (${length} bytes at byte ${offset}) is not inside the header`, {
      offset: HEADER.offsetOf('backingFileOffset'),
    });
  }
  return nameText(await source.read(offset, length));
}
