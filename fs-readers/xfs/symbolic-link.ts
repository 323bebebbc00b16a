/** Targets of symbolic links: in the inode, or in blocks of their own ("XFS Algorithms & Data Structures", Symbolic Links). */
import { untilNul } from '../../src/bytes/text.js';
import { corrupt, limitReached } from '../../src/errors.js';
import { blockMap } from './block-map.js';
import { type Inode, isLocal } from './inode.js';
import { REMOTE_HEADER, SYMLINK_MAGIC, SYMLINK_MAX } from './layout.js';
import { readMetadata, verify, type XfsVolume } from './volume.js';

/**
 * The target of a link.
 * @throws TygrubError corrupt `xfs.symlink`, limit `pathLength`
 */
export async function linkTarget(volume: XfsVolume, inode: Inode): Promise<Uint8Array> {
  const invalid = (what: string) => corrupt('xfs.symlink', `the symbolic link in inode ${inode.number} is damaged: ${what}`);
  if (inode.size === 0 || inode.size > SYMLINK_MAX) throw invalid(`its target has ${inode.size} bytes`);
  if (inode.size >= volume.limits.pathLength) {
    throw limitReached('pathLength', `the target of the symbolic link in inode ${inode.number} has ${inode.size} bytes`);
  }
  let target: Uint8Array;
  if (isLocal(inode.data)) {
    if (inode.size > inode.data.bytes.length) throw invalid('its target is longer than its inode');
    target = inode.data.bytes.subarray(0, inode.size);
  } else target = await remoteTarget(volume, inode);
  const text = untilNul(target);
  if (text.length === 0) throw invalid('it has no target');
  return text.slice();
}

/** Pieces, one for each extent; with checksums each has a header of its own. */
async function remoteTarget(volume: XfsVolume, inode: Inode): Promise<Uint8Array> {
  const { blockSize, checksums } = volume.superblock;
  const what = `the target of the symbolic link in inode ${inode.number}`;
  const map = blockMap(volume, inode, inode.data);
  const target = new Uint8Array(inode.size);
  // What the target takes in blocks, headers included, in the worst case of one extent for each block.
  const most = Math.ceil(SYMLINK_MAX / (blockSize - REMOTE_HEADER.size));
  let block = 0;
  for (let done = 0; done < target.length; ) {
    const { start, length, offset } = await map.find(block);
    if (offset === null || block >= most) throw corrupt('xfs.symlink', `${what} ends at byte ${done} of ${target.length}`);
    const left = target.length - done;
    const wanted = Math.ceil((left + (checksums ? REMOTE_HEADER.size : 0)) / blockSize);
    const blocks = Math.min(start + length - block, wanted);
    const place = offset + (block - start) * blockSize;
    const bytes = await readMetadata(volume, place, blocks * blockSize, what);
    let piece = bytes;
    if (checksums) {
      const { magic, offset: at, bytes: stored } = REMOTE_HEADER.decode(bytes);
      if (magic !== SYMLINK_MAGIC || at !== done || stored === 0 || stored > bytes.length - REMOTE_HEADER.size || stored > left) {
        throw corrupt('xfs.symlink', `${what} has no such piece`, { offset: place });
      }
      verify(volume, REMOTE_HEADER, bytes, place, inode.number, what);
      piece = bytes.subarray(REMOTE_HEADER.size, REMOTE_HEADER.size + stored);
    }
    piece = piece.subarray(0, left);
    target.set(piece, done);
    done += piece.length;
    block += blocks;
  }
  return target;
}
