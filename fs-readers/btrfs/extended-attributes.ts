/** Extended attributes: directory items under the inode's own number, found by the hash of their full names. */
import { nameText } from '../../src/bytes/text.js';
import { limitReached } from '../../src/errors.js';
import { dirItems } from './directory.js';
import { type Inode, inodeText } from './inode.js';
import { LAST } from './key.js';
import { ITEM_TYPE } from './layout.js';
import type { BtrfsVolume } from './volume.js';

/**
 * All extended attributes of an inode; values as `getxattr` gives them (btrfs stores them so).
 * @throws TygrubError corrupt; limit `attributeSize`, `directoryEntries`
 */
export async function attributesOf(volume: BtrfsVolume, inode: Inode): Promise<Map<string, Uint8Array>> {
  const place = { objectid: inode.number, type: ITEM_TYPE.XATTR_ITEM };
  const all = new Map<string, Uint8Array>();
  for await (const item of inode.subvolume.tree.range({ ...place, offset: 0 }, { ...place, offset: LAST })) {
    for (const { name, data } of dirItems(item)) {
      const text = nameText(name);
      if (data.length > volume.limits.attributeSize) {
        throw limitReached('attributeSize', `the attribute ${text} of ${inodeText(inode)} has ${data.length} bytes`);
      }
      if (!all.has(text)) all.set(text, data);
      if (all.size > volume.limits.directoryEntries) throw limitReached('directoryEntries', `${inodeText(inode)} has too many attributes`);
    }
  }
  return all;
}
