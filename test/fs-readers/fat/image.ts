/** Small FAT images in memory, made field by field with the reader's own tables of offsets. */
import {
  ATTR_ARCHIVE,
  ATTR_DIRECTORY,
  ATTR_LONG_NAME,
  ATTR_VOLUME_ID,
  BOOT_SECTOR,
  BOOT_SECTOR_FAT16,
  BOOT_SECTOR_FAT32,
  DIRECTORY_ENTRY,
  LAST_LONG_ENTRY,
  LONG_NAME_ENTRY,
} from '../../../fs-readers/fat/layout.js';
import { shortNameChecksum } from '../../../fs-readers/fat/names.js';

export const SECTOR = 512;
const ROOT_ENTRIES = 64;

/** An image that is being made. Clusters have one sector each. */
export class FatImage {
  readonly bytes: Uint8Array;
  readonly fatStart: number;
  readonly dataStart: number;
  /** FAT12 and FAT16: where the root directory is; FAT32: its cluster 2. */
  readonly rootStart: number;
  private nextFree: number;
  private readonly used = new Map<number, number>();

  constructor(
    readonly bits: 12 | 16 | 32,
    readonly clusters: number,
    volumeId = 0xabcd1234,
  ) {
    const reserved = bits === 32 ? 2 : 1;
    const fatSectors = Math.ceil(((clusters + 2) * bits) / 8 / SECTOR);
    const rootSectors = bits === 32 ? 0 : (ROOT_ENTRIES * DIRECTORY_ENTRY.size) / SECTOR;
    this.fatStart = reserved * SECTOR;
    const rootStart = this.fatStart + 2 * fatSectors * SECTOR;
    this.dataStart = rootStart + rootSectors * SECTOR;
    this.rootStart = rootStart;
    const total = this.dataStart / SECTOR + clusters;
    this.bytes = new Uint8Array(total * SECTOR);
    BOOT_SECTOR.encode(this.bytes, {
      BS_jmpBoot: Uint8Array.of(0xeb, 0x3c, 0x90),
      BS_OEMName: 'mkfs.fat',
      BPB_BytsPerSec: SECTOR,
      BPB_SecPerClus: 1,
      BPB_RsvdSecCnt: reserved,
      BPB_NumFATs: 2,
      BPB_RootEntCnt: bits === 32 ? 0 : ROOT_ENTRIES,
      BPB_TotSec32: total,
      BPB_Media: 0xf8,
      BPB_FATSz16: bits === 32 ? 0 : fatSectors,
      Signature_word: 0xaa55,
    });
    if (bits === 32) BOOT_SECTOR_FAT32.encode(this.bytes, { BPB_FATSz32: fatSectors, BPB_RootClus: 2, BS_VolID: volumeId });
    else BOOT_SECTOR_FAT16.encode(this.bytes, { BS_VolID: volumeId });
    this.nextFree = 2;
    if (bits === 32) this.link([this.allocate()]);
  }

  allocate(): number {
    return this.nextFree++;
  }

  /** Writes an entry of the (first) allocation table. */
  setEntry(cluster: number, value: number): void {
    const view = new DataView(this.bytes.buffer);
    if (this.bits === 32) view.setUint32(this.fatStart + cluster * 4, value, true);
    else if (this.bits === 16) view.setUint16(this.fatStart + cluster * 2, value, true);
    else {
      const at = this.fatStart + cluster + (cluster >> 1);
      const old = view.getUint16(at, true);
      view.setUint16(at, cluster % 2 === 0 ? (old & 0xf000) | (value & 0xfff) : (old & 0xf) | ((value & 0xfff) << 4), true);
    }
  }

  /** Makes a chain of clusters. */
  link(chain: readonly number[]): void {
    for (const [i, cluster] of chain.entries()) this.setEntry(cluster, chain[i + 1] ?? 0x0fffffff);
  }

  clusterOffset(cluster: number): number {
    return this.dataStart + (cluster - 2) * SECTOR;
  }

  /** Puts an entry of 32 bytes into a directory; `directory` is a cluster, 0 for a root at its fixed place. */
  addRaw(directory: number, entry: Uint8Array): number {
    const index = this.used.get(directory) ?? 0;
    this.used.set(directory, index + 1);
    const start = directory === 0 ? this.rootStart : this.clusterOffset(directory);
    const at = start + index * DIRECTORY_ENTRY.size;
    this.bytes.set(entry, at);
    return at;
  }

  /** Adds an entry with a short name of 11 characters (Latin 1) and, if given, a long one. */
  add(directory: number, short: string, attributes: number, first: number, size: number, long?: string, lowerCase = 0): number {
    const name = Uint8Array.from(short.padEnd(11), (letter) => letter.charCodeAt(0));
    if (long !== undefined) {
      const units = Array.from({ length: Math.ceil((long.length + 1) / 13) * 13 }, (_, i) =>
        i < long.length ? long.charCodeAt(i) : i === long.length ? 0 : 0xffff,
      );
      if (long.length % 13 === 0) units.length = long.length;
      for (let part = units.length / 13; part >= 1; part--) {
        const bytes = new Uint8Array(26);
        units.slice((part - 1) * 13, part * 13).forEach((unit, i) => {
          bytes[i * 2] = unit & 0xff;
          bytes[i * 2 + 1] = unit >> 8;
        });
        const entry = new Uint8Array(LONG_NAME_ENTRY.size);
        LONG_NAME_ENTRY.encode(entry, {
          LDIR_Ord: part | (part === units.length / 13 ? LAST_LONG_ENTRY : 0),
          LDIR_Attr: ATTR_LONG_NAME,
          LDIR_Chksum: shortNameChecksum(name),
          LDIR_Name1: bytes.subarray(0, 10),
          LDIR_Name2: bytes.subarray(10, 22),
          LDIR_Name3: bytes.subarray(22, 26),
        });
        this.addRaw(directory, entry);
      }
    }
    const entry = new Uint8Array(DIRECTORY_ENTRY.size);
    DIRECTORY_ENTRY.encode(entry, {
      DIR_Name: name,
      DIR_Attr: attributes,
      DIR_NTRes: lowerCase,
      DIR_FstClusLO: first & 0xffff,
      DIR_FstClusHI: first >>> 16,
      DIR_FileSize: size,
      DIR_WrtDate: (44 << 9) | (2 << 5) | 29,
      DIR_WrtTime: (12 << 11) | (34 << 5) | 28,
    });
    return this.addRaw(directory, entry);
  }

  get root(): number {
    return this.bits === 32 ? 2 : 0;
  }

  addLabel(label: string): void {
    this.add(this.root, label, ATTR_VOLUME_ID, 0, 0);
  }

  addFile(directory: number, short: string, content: Uint8Array, long?: string, chain?: readonly number[]): number {
    const clusters = chain ?? Array.from({ length: Math.ceil(content.length / SECTOR) }, () => this.allocate());
    this.link(clusters);
    for (const [i, cluster] of clusters.entries()) {
      this.bytes.set(content.subarray(i * SECTOR, (i + 1) * SECTOR), this.clusterOffset(cluster));
    }
    return this.add(directory, short, ATTR_ARCHIVE, clusters[0] ?? 0, content.length, long);
  }

  /** Adds a directory of one cluster. @returns the cluster */
  addDirectory(parent: number, short: string, long?: string): number {
    const cluster = this.allocate();
    this.link([cluster]);
    this.add(parent, short, ATTR_DIRECTORY, cluster, 0, long);
    this.add(cluster, '.', ATTR_DIRECTORY, cluster, 0);
    this.add(cluster, '..', ATTR_DIRECTORY, parent === this.root ? 0 : parent, 0);
    return cluster;
  }
}

/** A small tree with everything that the reader knows: long names, nested directories, files in pieces. */
export function sampleImage(bits: 12 | 16 | 32, clusters = 100): FatImage {
  const image = new FatImage(bits, clusters);
  image.addLabel('TYGRUB');
  const boot = image.addDirectory(image.root, 'BOOT', 'boot');
  const grub = image.addDirectory(boot, 'GRUB', 'grub');
  image.addFile(grub, 'GRUB    CFG', new TextEncoder().encode('set default=0\n'), 'grub.cfg');
  const kernel = Uint8Array.from({ length: 5 * SECTOR - 7 }, (_, i) => i % 251);
  image.addFile(boot, 'VMLINU~1   ', kernel, 'vmlinuz-6.1.0-56-amd64', [60, 61, 40, 41, 50]);
  image.addFile(image.root, 'EMPTY   TXT', new Uint8Array(0));
  return image;
}
