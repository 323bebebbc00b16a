/** Chunks: which bytes of which devices stand for a range of logical addresses ("Btrfs design", chunk tree; volumes.c). */
import { corrupt, unsupported } from '../../src/errors.js';
import { BLOCK_GROUP, CHUNK, STRIPE, STRIPE_LENGTH } from './layout.js';

/** A place for the chunk's data on one device. */
export interface Stripe {
  readonly devid: number;
  /** Byte offset on the device. */
  readonly offset: number;
  readonly uuid: Uint8Array;
}

/** How the bytes of a chunk are spread. */
interface Profile {
  readonly name: string;
  /** Stripes that hold the same bytes; all of them where null. */
  readonly copies: number | null;
  readonly fewest: number;
}

const PROFILES: ReadonlyMap<number, Profile> = new Map([
  [0, { name: 'single', copies: 1, fewest: 1 }],
  [BLOCK_GROUP.DUP, { name: 'DUP', copies: null, fewest: 2 }],
  [BLOCK_GROUP.RAID0, { name: 'RAID0', copies: 1, fewest: 1 }],
  [BLOCK_GROUP.RAID1, { name: 'RAID1', copies: null, fewest: 2 }],
  [BLOCK_GROUP.RAID1C3, { name: 'RAID1C3', copies: null, fewest: 3 }],
  [BLOCK_GROUP.RAID1C4, { name: 'RAID1C4', copies: null, fewest: 4 }],
  [BLOCK_GROUP.RAID10, { name: 'RAID10', copies: 2, fewest: 2 }],
]);
const EXACT = new Set<number>([0, BLOCK_GROUP.DUP, BLOCK_GROUP.RAID1, BLOCK_GROUP.RAID1C3, BLOCK_GROUP.RAID1C4]);
const PROFILE_BITS =
  BLOCK_GROUP.RAID0 |
  BLOCK_GROUP.RAID1 |
  BLOCK_GROUP.DUP |
  BLOCK_GROUP.RAID10 |
  BLOCK_GROUP.RAID5 |
  BLOCK_GROUP.RAID6 |
  BLOCK_GROUP.RAID1C3 |
  BLOCK_GROUP.RAID1C4;
const TYPE_BITS = BLOCK_GROUP.DATA | BLOCK_GROUP.SYSTEM | BLOCK_GROUP.METADATA;

/** A part of a chunk that is one piece on one device, in one of its copies. */
export interface Piece {
  readonly stripe: Stripe;
  /** Byte offset on the device. */
  readonly offset: number;
  readonly length: number;
}

/** A range of logical addresses. */
export class Chunk {
  /** How many copies of each byte there are. */
  readonly mirrors: number;
  /** Bytes of the structure on the disk. */
  readonly size: number;

  private constructor(
    /** First logical address. */
    readonly logical: number,
    /** Bytes of logical addresses. */
    readonly length: number,
    readonly isSystem: boolean,
    private readonly profile: Profile,
    readonly stripes: readonly Stripe[],
  ) {
    this.mirrors = profile.copies ?? stripes.length;
    this.size = CHUNK.size + stripes.length * STRIPE.size;
  }

  get profileName(): string {
    return this.profile.name;
  }

  get end(): number {
    return this.logical + this.length;
  }

  /**
   * Decodes a chunk item.
   * @param logical the offset of its key
   * @param bytes begins with the item; may go on behind it
   * @throws TygrubError corrupt `btrfs.chunk`; unsupported `btrfs.raid56`
   */
  static decode(logical: number, bytes: Uint8Array, at: number, sectorsize: number): Chunk {
    const damaged = (what: string) => corrupt('btrfs.chunk', `the chunk at logical address ${logical} is damaged: ${what}`);
    if (at + CHUNK.size > bytes.length) throw damaged('it is cut off');
    const { length, stripe_len, type, num_stripes, sub_stripes } = CHUNK.decode(bytes, at);
    if (logical < 0 || logical % sectorsize !== 0) throw damaged('its address is not that of a sector');
    if (length === 0 || length % sectorsize !== 0 || !Number.isSafeInteger(logical + length)) throw damaged(`it has ${length} bytes`);
    if (stripe_len !== STRIPE_LENGTH) throw damaged(`its stripe elements have ${stripe_len} bytes`);
    if (type.high !== 0 || (type.low & ~(TYPE_BITS | PROFILE_BITS)) !== 0) throw damaged('its type has unknown bits');
    const kind = type.low & TYPE_BITS;
    if (kind === 0 || (kind & BLOCK_GROUP.SYSTEM && kind !== BLOCK_GROUP.SYSTEM)) throw damaged('its type is impossible');
    const bits = type.low & PROFILE_BITS;
    if (bits === BLOCK_GROUP.RAID5 || bits === BLOCK_GROUP.RAID6) {
      const name = bits === BLOCK_GROUP.RAID5 ? 'RAID5' : 'RAID6';
      throw unsupported('btrfs.raid56', `the chunk at logical address ${logical} has the profile ${name}, which is not read`);
    }
    const profile = PROFILES.get(bits);
    if (profile === undefined) throw damaged('it has several profiles');
    const wrongCount = EXACT.has(bits) ? num_stripes !== profile.fewest : num_stripes < profile.fewest;
    if (wrongCount) throw damaged(`${profile.name} with ${num_stripes} stripes`);
    if (profile.copies === 2 && (sub_stripes !== 2 || num_stripes % 2 !== 0)) {
      throw damaged(`${profile.name} with ${num_stripes} stripes in groups of ${sub_stripes}`);
    }
    if (at + CHUNK.size + num_stripes * STRIPE.size > bytes.length) throw damaged('its stripes are cut off');
    const stripes: Stripe[] = [];
    for (let i = 0; i < num_stripes; i++) {
      const { devid, offset, dev_uuid } = STRIPE.decode(bytes, at + CHUNK.size + i * STRIPE.size);
      if (!Number.isSafeInteger(offset + length)) throw damaged('a stripe ends behind all devices');
      stripes.push({ devid, offset, uuid: dev_uuid });
    }
    return new Chunk(logical, length, kind === BLOCK_GROUP.SYSTEM, profile, stripes);
  }

  /**
   * Where the bytes at a logical address are in one copy.
   * @param address inside the chunk
   * @param mirror 0 to `mirrors - 1`
   */
  piece(address: number, length: number, mirror: number): Piece {
    const inside = address - this.logical;
    const most = Math.min(length, this.length - inside);
    const copies = this.profile.copies;
    // Whole copies: each stripe holds all of the chunk.
    if (copies === null || this.stripes.length === 1) return this.at(mirror, inside, most);
    const columns = this.stripes.length / copies;
    const element = Math.floor(inside / STRIPE_LENGTH);
    const within = inside % STRIPE_LENGTH;
    const row = Math.floor(element / columns);
    return this.at((element % columns) * copies + mirror, row * STRIPE_LENGTH + within, Math.min(most, STRIPE_LENGTH - within));
  }

  private at(index: number, offset: number, length: number): Piece {
    const stripe = this.stripes[index];
    if (stripe === undefined) throw new RangeError(`chunk ${this.logical} has no stripe ${index}`);
    return { stripe, offset: stripe.offset + offset, length };
  }
}
