/** Inline data: small files and directories that stand in their inode (Documentation/filesystems/ext4/inlinedata.rst). */
import { corrupt } from '../../src/errors.js';
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
 * @throws TygrubError corrupt when the inode has not the room that its size says
 */
export function inlineData(inode: Inode): InlineData {
  const entry = inodeAttributes(inode).find(isInlineData);
  if (entry === undefined || !(entry.value instanceof Uint8Array)) {
    throw corrupt('ext.inline-data', `inode ${inode.number} should hold its data itself, but has no attribute for it`);
  }
  return { first: inode.fields.block, rest: entry.value };
}

/** The content of a file or link with inline data. */
export function inlineContent(inode: Inode): Uint8Array {
  const { first, rest } = inlineData(inode);
  if (inode.size > first.length + rest.length) {
    throw corrupt('ext.inline-data', `inode ${inode.number} has ${inode.size} bytes, but room for ${first.length + rest.length} only`);
  }
  const whole = new Uint8Array(inode.size);
  whole.set(first.subarray(0, inode.size));
  if (inode.size > first.length) whole.set(rest.subarray(0, inode.size - first.length), first.length);
  return whole;
}
