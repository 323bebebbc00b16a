/** No file beside the image, and a clear word about it: what a container gets once rights are given up. */
import { printable } from '../bytes/text.js';
import { TygrubError, unsupported } from '../errors.js';
import type { Neighbours } from '../source/neighbours.js';

/**
 * Opens nothing, and remembers that it was asked. Which files an image needs (parents of a differencing VHD, qcow2's backing
 * files, VMDK's extents) is written in the image, which is not parsed with root's rights; and to open everything in its
 * directory beforehand would hand one guest's disks to the parser of another's.
 */
export class SealedNeighbours implements Neighbours {
  /** The first file that was asked for; empty where only the directory was to be searched. */
  private asked: string | null = null;

  async open(name: string): Promise<null> {
    this.asked = this.asked === null || this.asked === '' ? name : this.asked;
    return null;
  }

  async list(): Promise<readonly string[]> {
    this.asked ??= '';
    return [];
  }

  /**
   * What to tell when the image could not be opened.
   * @param error why; it is told as it is when the image named no other file
   */
  refusal(image: string, error: unknown): unknown {
    if (this.asked === null || !(error instanceof TygrubError)) return error;
    const name = this.asked === '' ? 'another file' : `another file, ${printable(this.asked)}`;
    return unsupported('pygrub.runas-neighbour', `${image} needs ${name}, and with --runas no file but the image is opened`, {
      hint: 'hand over the whole disk: let Xen attach it (format=vhd or qcow2 in xl.cfg), or merge it into one file',
      cause: error,
    });
  }
}
