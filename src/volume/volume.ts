/** What partitions, logical volumes and arrays are to the rest of tygrub. */
import type { ErrorKind, Problem, Warning } from '../errors.js';
import type { Limits } from '../limits.js';
import type { ByteSource } from '../source/byte-source.js';

/** The kind of partition table of a disk; null where there is none. */
export type TableKind = 'gpt' | 'mbr' | 'bsd' | 'sun' | 'apple' | 'amiga' | 'dvh' | null;

/** A part of a disk that may hold a filesystem. */
export interface Volume {
  /** GRUB's name without the disk: `msdos1`, `gpt2`, `whole` (no table); `lvm/vg-lv`, `md/0` stand for themselves. */
  readonly name: string;
  /** Other names that GRUB knows it by: `lvmid/VG-UUID/LV-UUID`, `mduuid/HEX`. None when left out. */
  readonly aliases?: readonly string[];
  /** Byte offset on the disk; null for volumes that are made of others. */
  readonly start: number | null;
  /** Bytes. */
  readonly size: number;
  /** MBR: `0x83`; GPT: the type GUID in lower case; `lvm`, `md`; null where there is none. */
  readonly type: string | null;
  /** MBR: the active flag; GPT: the legacy BIOS bootable attribute. */
  readonly active: boolean;
  /** The partition's own UUID: GPT's unique GUID in lower case, MBR's `disk signature-number` (PARTUUID). */
  readonly uuid: string | null;
  /** The partition's own label (GPT's name). */
  readonly label: string | null;
  readonly source: ByteSource;
  /** Why the volume cannot be used as the table says (its end lies past the disk, say). `source` is then what is there. */
  readonly problem: Problem | null;
  /** The kind of failure that `problem` tells, for programs that fail with it; `corrupt` when left out. */
  readonly problemKind?: ErrorKind;
}

/** The volumes of one disk. */
export interface VolumeTable {
  readonly table: TableKind;
  /** Bytes of the sectors that the table counts in. */
  readonly sectorSize: number;
  readonly volumes: readonly Volume[];
  readonly warnings: readonly Warning[];
}

/** A member of a volume manager, found on a volume or a whole disk. */
export interface ManagedMember {
  /** Where it was found, for messages: `hd0,msdos2`. */
  readonly where: string;
  readonly source: ByteSource;
}

/** What a volume manager made of its members. */
export interface AssembledVolumes {
  readonly volumes: readonly Volume[];
  /**
   * For each member, by its `where`, what it is a part of: why nobody should look for a filesystem on the member itself. One
   * is often visible there (RAID 1 with its superblock at the end), and it may be stale.
   */
  readonly members: ReadonlyMap<string, Problem>;
  readonly warnings: readonly Warning[];
}

/** A volume manager (LVM2, md): volumes made of volumes. One row of the table in `index.ts`. */
export interface VolumeManager {
  readonly name: string;
  /** Says from a few bytes whether this is a member. Never throws on content. */
  probe(source: ByteSource): Promise<boolean>;
  /** Makes volumes of all members found on all disks. A volume that cannot be read has a `problem`. */
  assemble(members: readonly ManagedMember[], limits: Limits): Promise<AssembledVolumes>;
}
