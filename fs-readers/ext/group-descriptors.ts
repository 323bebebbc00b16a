/**
 * The group descriptors, read one at a time where they are needed: where a block group's inode table is
 * (Documentation/filesystems/ext4/group_descr.rst; meta_bg in blockgroup.rst).
 */
import { safeU64 } from '../../src/bytes/layout.js';
import { corrupt } from '../../src/errors.js';
import type { ByteSource } from '../../src/source/byte-source.js';
import { descriptorCrc16, descriptorCrc32c } from './checksums.js';
import { INCOMPAT, RO_COMPAT } from './features.js';
import { GROUP_DESCRIPTOR, GROUP_DESCRIPTOR_64 } from './layout.js';
import type { Report } from './report.js';
import type { Superblock } from './superblock.js';

export class GroupDescriptors {
  /** The last answer: neighbouring inodes share a group. */
  private last: { readonly group: number; readonly table: number } | undefined;
  private readonly perBlock: number;

  constructor(
    private readonly source: ByteSource,
    private readonly superblock: Superblock,
    private readonly report: Report,
  ) {
    this.perBlock = superblock.blockSize / superblock.descriptorSize;
  }

  /**
   * First block of a group's inode table.
   * @throws TygrubError corrupt when neither the descriptor nor a backup of it can be trusted
   */
  inodeTable(group: number): Promise<number> | number {
    return this.last?.group === group ? this.last.table : this.read(group);
  }

  private async read(group: number): Promise<number> {
    const table = await this.find(group);
    this.last = { group, table };
    return table;
  }

  private async find(group: number): Promise<number> {
    const { superblock } = this;
    if (group < 0 || group >= superblock.groupsCount) {
      throw corrupt('ext.group-out-of-range', `block group ${group} does not exist, there are ${superblock.groupsCount}`);
    }
    const places = this.places(group);
    const primary = places.shift();
    if (primary === undefined) throw corrupt('ext.group-descriptor', `block group ${group} has no descriptor`);
    const first = await this.readAt(primary, group);
    if (first.trusted) return first.table;
    for (const offset of places) {
      if (offset + superblock.descriptorSize > this.source.size) continue;
      const backup = await this.readAt(offset, group);
      if (!backup.trusted) continue;
      this.report.warn({
        code: 'ext.backup-descriptors',
        message: `the descriptor of block group ${group} is damaged; a backup is used instead`,
        offset: primary,
        hint: 'let e2fsck repair the filesystem',
      });
      return backup.table;
    }
    const what = `the descriptor of block group ${group}`;
    if (!first.possible) {
      throw corrupt('ext.group-descriptor', `${what} is damaged: its inode table would be at block ${first.table}`, { offset: primary });
    }
    // With metadata_csum every inode's own checksum covers its number, so a wrong table cannot pass for the right one:
    // like the kernel on a read-only mount, go on and let the inodes decide. Without, nothing would notice.
    if (superblock.metadataChecksums) {
      this.report.warn({ code: 'ext.checksum', message: `the checksum of ${what} does not match its contents`, offset: primary });
    } else this.report.mismatch(what, primary);
    return first.table;
  }

  private async readAt(offset: number, group: number): Promise<{ table: number; possible: boolean; trusted: boolean }> {
    const { superblock } = this;
    const bytes = await this.source.read(offset, superblock.descriptorSize);
    const fields = GROUP_DESCRIPTOR.decode(bytes);
    const wide = superblock.hasIncompat(INCOMPAT['64BIT']);
    const high = wide ? GROUP_DESCRIPTOR_64.decode(bytes).inode_table_hi : 0;
    const table = safeU64(high, fields.inode_table_lo, 'bg_inode_table');
    const blocks = Math.ceil((superblock.fields.inodes_per_group * superblock.inodeSize) / superblock.blockSize);
    const possible = table > superblock.fields.first_data_block && table + blocks <= superblock.blocksCount;
    const checksumAt = GROUP_DESCRIPTOR.offsetOf('checksum');
    let matches = true;
    if (superblock.metadataChecksums) {
      matches = descriptorCrc32c(superblock.checksumSeed, group, bytes, checksumAt) === fields.checksum;
    } else if (superblock.hasRoCompat(RO_COMPAT.GDT_CSUM)) {
      matches = descriptorCrc16(superblock.fields.uuid, group, bytes, checksumAt, wide) === fields.checksum;
    }
    return { table, possible, trusted: possible && matches };
  }

  /** Byte offsets of a group's descriptor and of its backups. */
  private places(group: number): number[] {
    const { superblock } = this;
    const { blockSize } = superblock;
    const block = Math.floor(group / this.perBlock);
    const inside = (group % this.perBlock) * superblock.descriptorSize;
    const blocks: number[] = [];
    if (superblock.hasIncompat(INCOMPAT.META_BG) && block >= superblock.fields.first_meta_bg) {
      // A block of descriptors stands in the first group it describes, copies in the second and the last.
      const first = block * this.perBlock;
      for (const member of [first, first + 1, first + this.perBlock - 1]) {
        if (member >= superblock.groupsCount) continue;
        let at = superblock.groupStart(member) + (superblock.hasBackup(member) ? 1 : 0);
        // With 1k blocks, block 0 is the boot sector even where the first data block is 0 (bigalloc).
        if (blockSize === 1024 && member === 0 && superblock.fields.first_data_block === 0) at += 1;
        blocks.push(at);
      }
    } else {
      for (const member of superblock.backupGroups) {
        // The superblock at byte 1024 is in block 1 of 1k blocks, in block 0 of larger ones.
        const own = member === 0 ? Math.floor(1024 / blockSize) : superblock.groupStart(member);
        blocks.push(own + 1 + block);
      }
    }
    return blocks.map((number) => number * blockSize + inside);
  }
}
