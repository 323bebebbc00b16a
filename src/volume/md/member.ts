/** What one member says: its superblock, whatever its version, in one form. */
import type { TygrubError } from '../../errors.js';
import type { ByteSource } from '../../source/byte-source.js';

/** A device with a superblock whose checksum is right. Sizes and offsets are bytes. */
export interface MdMember {
  /** Where it was found, for messages. */
  readonly where: string;
  readonly source: ByteSource;
  /** `0.90`, `1.0`, `1.1`, `1.2`. */
  readonly version: string;
  /** The array's UUID, 32 lower-case hexadecimal digits as mdadm prints them. */
  readonly arrayUuid: string;
  /** The array's name: `set_name` without the host, or the minor number. */
  readonly name: string;
  readonly level: number;
  readonly layout: number;
  /** Whether `layout` of a RAID 0 means something. */
  readonly layoutKnown: boolean;
  readonly raidDisks: number;
  readonly chunkSize: number;
  /** Where the array's data starts on the member. */
  readonly dataOffset: number;
  /** Bytes of data that the member has room for. */
  readonly dataSize: number;
  /** Bytes of each member that a RAID 1 uses. */
  readonly usedSize: number;
  /** The count of changes to the array's state that the member has seen. */
  readonly events: number;
  /** The number of the device in the tables of roles. */
  readonly number: number;
  /** The place in the array; null for spares and failed devices. */
  readonly role: number | null;
  /** What this superblock says of the device with a number: whether it is in the array. */
  readonly isActive: (number: number) => boolean;
  /** Whether the member is still being rebuilt, so that not all of it is the array's data. */
  readonly rebuilding: boolean;
  /** A state in which the data cannot be mapped; null in ordinary ones. */
  readonly problem: TygrubError | null;
}
