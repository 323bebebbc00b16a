/**
 * Intents: operations of several transactions, of which the log says first that they are to be done and then that they
 * were. After a crash the kernel finishes them; here they are only counted, because most concern free space alone.
 */
import { INTENT, INTENT_INODE, INTENT_INODES, ITEM_TYPE } from './layout.js';
import { logDamaged } from './record.js';
import type { LogItem } from './transactions.js';

/** The type of an intent and that of its done item. */
const DONE = new Map<number, number>([
  [ITEM_TYPE.EFD, ITEM_TYPE.EFI],
  [ITEM_TYPE.RUD, ITEM_TYPE.RUI],
  [ITEM_TYPE.CUD, ITEM_TYPE.CUI],
  [ITEM_TYPE.BUD, ITEM_TYPE.BUI],
  [ITEM_TYPE.ATTRD, ITEM_TYPE.ATTRI],
  [ITEM_TYPE.XMD, ITEM_TYPE.XMI],
]);
const INTENTS: ReadonlySet<number> = new Set(DONE.values());

/** An operation that changes what a file or its attributes are. */
interface Unfinished {
  readonly phrase: string;
  readonly inode: number;
}

export class Intents {
  /** Begun and not done. */
  private readonly open = new Map<string, readonly Unfinished[]>();

  /** Notes an intent or a done item. @returns false when it is neither */
  add(item: LogItem): boolean {
    const begun = DONE.get(item.type);
    if (begun === undefined && !INTENTS.has(item.type)) return false;
    const [region = new Uint8Array(0)] = item.regions;
    if (region.length < INTENT.size) throw logDamaged(`an intent of type 0x${item.type.toString(16)} is cut off`);
    const { id } = INTENT.decode(region);
    const key = `${begun ?? item.type}:${id.high}:${id.low}`;
    if (begun !== undefined) this.open.delete(key);
    else this.open.set(key, concerned(item.type, region));
    return true;
  }

  get count(): number {
    return this.open.size;
  }

  /** What was begun with an inode, as a phrase. */
  of(inode: number): string | undefined {
    return this.unfinished().find((operation) => operation.inode === inode)?.phrase;
  }

  /** All operations on files. */
  unfinished(): Unfinished[] {
    return [...this.open.values()].flat();
  }
}

function concerned(type: number, region: Uint8Array): Unfinished[] {
  switch (type) {
    case ITEM_TYPE.BUI:
      return [{ phrase: 'a change of the extents', inode: INTENT_INODE.decode(region).inode }];
    case ITEM_TYPE.ATTRI:
      return [{ phrase: 'a change of the attributes', inode: INTENT_INODE.decode(region).inode }];
    case ITEM_TYPE.XMI: {
      const { first, second } = INTENT_INODES.decode(region);
      return [first, second].map((inode) => ({ phrase: 'an exchange of the extents', inode }));
    }
    default:
      return [];
  }
}
