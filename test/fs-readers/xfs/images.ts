/** The sample of this folder, and filesystems that mkfs.xfs fills without a mount. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { FileSystemOptions } from '../../../fs-readers/index.js';
import { crcWithout } from '../../../fs-readers/xfs/checksum.js';
import { xfs } from '../../../fs-readers/xfs/index.js';
import { SUPERBLOCK } from '../../../fs-readers/xfs/layout.js';
import { RECORD_HEADER, RECORD_MAGIC } from '../../../fs-readers/xfs/log/layout.js';
import { crc32c } from '../../../src/bytes/crc.js';
import { DEFAULT_LIMITS } from '../../../src/limits.js';
import { MemorySource } from '../../../src/source/memory.js';

export const OPTIONS: FileSystemOptions = {
  limits: DEFAULT_LIMITS,
  noJournal: false,
  ignoreChecksums: false,
  otherVolumes: async () => [],
};

/** The sample that `make-sample.sh` makes: version 5, its log not closed. A new copy each time. */
export function sample(): Uint8Array {
  return new Uint8Array(gunzipSync(readFileSync(new URL('dirty.img.gz', import.meta.url))));
}

/** Opens an image in memory. */
export function openXfs(bytes: Uint8Array, options: Partial<FileSystemOptions> = {}) {
  return xfs.open(new MemorySource(bytes), { ...OPTIONS, ...options });
}

/** Changes fields of the superblock and gives it the right checksum. */
export function changeSuperblock(bytes: Uint8Array, fields: Parameters<typeof SUPERBLOCK.encode>[1]): void {
  const { sectsize } = SUPERBLOCK.decode(bytes);
  SUPERBLOCK.encode(bytes, fields);
  SUPERBLOCK.encode(bytes, { crc: crcWithout(bytes.subarray(0, sectsize), SUPERBLOCK.offsetOf('crc')) });
}

/**
 * The records of the sample's log, for damage that a checksum would show: a hostile disk has right checksums.
 * @returns where records are, and what gives them right checksums again (and its undoing)
 */
export function sealLog(bytes: Uint8Array): { log: { start: number; length: number }[]; reseal: () => () => void } {
  const sector = 512;
  const { agblklog, agblocks, blocksize, logblocks, logstart } = SUPERBLOCK.decode(bytes);
  const from = (Math.floor(logstart / 2 ** agblklog) * agblocks + (logstart % 2 ** agblklog)) * blocksize;
  const log: { start: number; length: number }[] = [];
  for (let at = from; at < from + logblocks * blocksize; at += sector) {
    const { magicno, len } = RECORD_HEADER.decode(bytes, at);
    if (magicno === RECORD_MAGIC) log.push({ start: at, length: sector + len });
  }
  // The last ones: what stands before the last clean unmount is not looked at.
  log.splice(0, Math.max(0, log.length - 6));
  const crcAt = RECORD_HEADER.offsetOf('crc');
  const reseal = () => {
    const old = log.map(({ start }) => bytes.slice(start + crcAt, start + crcAt + 4));
    for (const { start } of log) {
      const { len } = RECORD_HEADER.decode(bytes, start);
      const header = crcWithout(bytes.subarray(start, start + RECORD_HEADER.size), crcAt);
      const crc = crc32c(bytes.subarray(start + sector, start + sector + Math.min(len, 262144)), header);
      new DataView(bytes.buffer, bytes.byteOffset).setUint32(start + crcAt, crc, true);
    }
    return () => {
      for (const [i, { start }] of log.entries()) bytes.set(old[i] as Uint8Array, start + crcAt);
    };
  };
  return { log, reseal };
}

/** A small filesystem that mkfs.xfs fills by itself: `few`, `block`, `leaf` and `node` are directories of those forms. */
export function filledByMkfs(...options: string[]): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'tygrub-xfs-proto-'));
  try {
    const content = join(folder, 'content');
    writeFileSync(content, 'content\n'.repeat(1000));
    const names = (count: number, length: number): string =>
      Array.from({ length: count }, (_, i) => `name-${String(i).padStart(length, '0')} ---644 0 0 ${content}`).join('\n');
    const proto = [
      'nothing',
      '0 0',
      'd--755 0 0',
      `Boot d--755 0 0\nVMLINUZ ---600 1 2 ${content}\n$`,
      'short l--777 0 0 Boot/VMLINUZ',
      'console c--600 0 0 5 1',
      `few d--755 0 0\n${names(3, 1)}\n$`,
      `block d--755 0 0\n${names(30, 4)}\n$`,
      `leaf d--755 0 0\n${names(200, 20)}\n$`,
      '$',
      '',
    ].join('\n');
    writeFileSync(join(folder, 'proto'), proto);
    const image = join(folder, 'image');
    writeFileSync(image, '');
    truncateSync(image, 24 * 1024 * 1024);
    const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin`, TEST_DIR: '1', TEST_DEV: '1', QA_CHECK_FS: '1' };
    const done = spawnSync('mkfs.xfs', ['-q', '-f', '-p', join(folder, 'proto'), ...options, image], { encoding: 'utf8', env });
    if (done.status !== 0) throw new Error(`mkfs.xfs: ${done.stderr}`);
    return new Uint8Array(readFileSync(image));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
