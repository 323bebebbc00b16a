/** Tree blocks: nodes and leaves, read from whichever copy is right, checked, and kept for a while. */
import { corrupt } from '../../src/errors.js';
import type { WarningList } from '../warning-list.js';
import { matches } from './checksum.js';
import { compareKeys, type Key, keyField, keyText } from './key.js';
import { CHECKSUM_FIELD, HEADER, ITEM, KEY_POINTER, MAX_LEVEL } from './layout.js';
import type { Storage } from './storage.js';

/** A checked block of a tree. */
export interface TreeBlock {
  readonly address: number;
  readonly generation: number;
  readonly owner: number;
  /** 0 for a leaf. */
  readonly level: number;
  /** Keys of the items or of the blocks below, in order. */
  readonly keys: readonly Key[];
  /** Leaves: the bytes of an item. A part of the block: copy what is kept. */
  item(index: number): Uint8Array;
  /** Nodes: the address of a block below and the generation that it must have. */
  child(index: number): { readonly address: number; readonly generation: number };
}

/** What points to a block promises of it. */
export interface Expected {
  readonly level: number;
  readonly generation: number;
  /** The first key; null for the root of a tree. */
  readonly firstKey: Key | null;
}

/** Reads and keeps the tree blocks of one filesystem. */
export class TreeBlocks {
  private readonly kept = new Map<number, TreeBlock>();
  private readonly capacity: number;
  private readonly nodesize: number;

  /** @param ignoreChecksums whether a wrong checksum is only a warning */
  constructor(
    private readonly storage: Storage,
    private readonly warnings: WarningList,
    private readonly ignoreChecksums: boolean,
    cacheSize: number,
  ) {
    this.nodesize = storage.devices.main.superblock.fields.nodesize;
    this.capacity = Math.max(MAX_LEVEL, Math.floor(cacheSize / this.nodesize));
  }

  /**
   * A block, checked against what points to it.
   * @throws TygrubError corrupt `btrfs.tree-block`, `btrfs.checksum`, `btrfs.missing-device`
   */
  async read(address: number, expected: Expected): Promise<TreeBlock> {
    const known = this.kept.get(address);
    if (known !== undefined) {
      this.kept.delete(address);
      this.kept.set(address, known);
      checkExpected(known, expected);
      return known;
    }
    const { sectorsize } = this.storage.devices.main.superblock.fields;
    if (address % sectorsize !== 0) throw damaged(address, 'its address is not that of a sector');
    const block = await this.copies(address, expected);
    this.kept.set(address, block);
    if (this.kept.size > this.capacity) {
      const oldest = this.kept.keys().next();
      if (oldest.done !== true) this.kept.delete(oldest.value);
    }
    return block;
  }

  private async copies(address: number, expected: Expected): Promise<TreeBlock> {
    const order = await this.storage.mirrorOrder(address);
    const block = await this.storage.firstGood(address, this.nodesize, (bytes, mirror) => {
      // With checksums ignored the other copies still come first: only the last one is taken as it is.
      const lenient = this.ignoreChecksums && mirror === order[order.length - 1];
      return { mirror, block: this.check(bytes, address, expected, lenient) };
    });
    if (block.mirror !== order[0]) {
      this.warnings.add(
        'btrfs.mirror-used',
        `a copy of the tree block at logical address ${address} is damaged or missing, another one was used`,
      );
    }
    return block.block;
  }

  private check(bytes: Uint8Array, address: number, expected: Expected, lenient: boolean): TreeBlock {
    const { checksum } = this.storage.devices.main.superblock;
    if (!matches(checksum, bytes.subarray(CHECKSUM_FIELD), bytes)) {
      const message = `the checksum of the tree block at logical address ${address} does not match its contents`;
      if (!lenient) throw corrupt('btrfs.checksum', message, { hint: 'use --ignore-checksums to read it all the same' });
      this.warnings.add('btrfs.checksum', message);
    }
    const header = HEADER.decode(bytes);
    if (header.bytenr !== address) throw damaged(address, `it says that it stands at ${header.bytenr}`);
    if (!this.storage.devices.ownsBlock(header.fsid)) throw damaged(address, 'it belongs to another filesystem');
    if (header.level >= MAX_LEVEL) throw damaged(address, `it has the level ${header.level}`);
    checkPlace(address, header, expected);
    const row = header.level === 0 ? ITEM : KEY_POINTER;
    if (HEADER.size + header.nritems * row.size > bytes.length) throw damaged(address, `it has ${header.nritems} items`);
    const block = header.level === 0 ? leaf(bytes, header, address) : node(bytes, header, address);
    checkExpected(block, expected);
    return block;
  }
}

type Header = ReturnType<typeof HEADER.decode>;

function damaged(address: number, what: string) {
  return corrupt('btrfs.tree-block', `the tree block at logical address ${address} is damaged: ${what}`);
}

function checkPlace(address: number, block: { readonly level: number; readonly generation: number }, expected: Expected): void {
  if (block.level !== expected.level) throw damaged(address, `it has the level ${block.level}, ${expected.level} was expected`);
  if (block.generation !== expected.generation) {
    throw damaged(address, `it has the generation ${block.generation}, ${expected.generation} was expected`);
  }
}

function checkExpected(block: TreeBlock, expected: Expected): void {
  const { address, keys } = block;
  checkPlace(address, block, expected);
  if (expected.firstKey === null) return;
  const [first] = keys;
  if (first === undefined) throw damaged(address, 'it is empty');
  if (compareKeys(first, expected.firstKey) !== 0) {
    throw damaged(address, `it begins with the key ${keyText(first)}, ${keyText(expected.firstKey)} was expected`);
  }
}

function inOrder(keys: readonly Key[], address: number): void {
  for (let i = 1; i < keys.length; i++) {
    if (compareKeys(keys[i - 1] as Key, keys[i] as Key) >= 0) throw damaged(address, 'its keys are not in order');
  }
}

/** Items are decoded field by field: there are hundreds in each block, and every search passes through some blocks. */
const ITEM_OFFSET = ITEM.offsetOf('offset');
const ITEM_SIZE = ITEM.offsetOf('size');

/** Items stand from the end of the leaf towards its start, each directly before the one with the smaller key. */
function leaf(bytes: Uint8Array, header: Header, address: number): TreeBlock {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const keys: Key[] = [];
  const starts: number[] = [];
  const sizes: number[] = [];
  let end = bytes.length;
  for (let i = 0; i < header.nritems; i++) {
    const at = HEADER.size + i * ITEM.size;
    const key = keyField.read(view, at, true, ITEM.name);
    const start = HEADER.size + view.getUint32(at + ITEM_OFFSET, true);
    const size = view.getUint32(at + ITEM_SIZE, true);
    if (start + size !== end || start < HEADER.size + header.nritems * ITEM.size)
      throw damaged(address, `item ${i} is not where it must be`);
    end = start;
    keys.push(key);
    starts.push(start);
    sizes.push(size);
  }
  inOrder(keys, address);
  const { generation, owner } = header;
  return {
    address,
    generation,
    owner,
    level: 0,
    keys,
    item(index) {
      const start = starts[index] as number;
      return bytes.subarray(start, start + (sizes[index] as number));
    },
    child() {
      throw new RangeError('a leaf has nothing below it');
    },
  };
}

function node(bytes: Uint8Array, header: Header, address: number): TreeBlock {
  if (header.nritems === 0) throw damaged(address, 'it is a node without pointers');
  const keys: Key[] = [];
  const children: { address: number; generation: number }[] = [];
  for (let i = 0; i < header.nritems; i++) {
    const { key, blockptr, generation } = KEY_POINTER.decode(bytes, HEADER.size + i * KEY_POINTER.size);
    keys.push(key);
    children.push({ address: blockptr, generation });
  }
  inOrder(keys, address);
  const { generation, owner, level } = header;
  return {
    address,
    generation,
    owner,
    level,
    keys,
    item() {
      throw new RangeError('a node has no items');
    },
    child: (index) => children[index] as { address: number; generation: number },
  };
}
