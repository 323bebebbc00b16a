/** Inline data: small files and directories that stand in their inode (Documentation/filesystems/ext4/inlinedata.rst). */
import { corrupt } from '../../src/errors.js';
import { type ByteSource, MappedSource, type Run } from '../../src/source/byte-source.js';
import { MemorySource } from '../../src/source/memory.js';
import { inodeAttributes, isInlineData } from './extended-attributes.js';
import type { Inode } from './inode.js';

/** The two places of inline data. */
export interface InlineData {
  /** The bytes of `i_block`. */
  readonly first: Uint8Array;
  /** The value of the attribute `system.data`: what follows. */
  readonly rest: Uint8Array;
}

/**
 * Where an inode's inline data is.
 * @throws TygrubError corrupt when the inode has no inline data
 */
export function inlineData(inode: Inode): InlineData {
  const entry = inodeAttributes(inode).find(isInlineData);
  if (entry === undefined || !(entry.value instanceof Uint8Array)) {
    throw corrupt('ext.inline-data', `inode ${inode.number} should hold its data itself, but has no attribute for it`);
  }
  return { first: inode.fields.block, rest: entry.value };
}

/** The content of a file or link with inline data; what lies past its room was never written and reads as zeros. */
export class InlineSource extends MappedSource {
  readonly size: number;
  private readonly stored: ByteSource;

  /** @throws TygrubError corrupt when the inode has no inline data */
  constructor(inode: Inode) {
    super();
    const { first, rest } = inlineData(inode);
    const whole = new Uint8Array(first.length + rest.length);
    whole.set(first);
    whole.set(rest, first.length);
    this.stored = new MemorySource(whole);
    this.size = inode.size;
  }

  protected map(offset: number, length: number): Run {
    const left = this.stored.size - offset;
    return left > 0 ? { length: Math.min(length, left), source: this.stored, offset } : { length, source: null, offset: 0 };
  }
}
