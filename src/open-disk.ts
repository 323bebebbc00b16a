/** The way in for programs on Node: from paths to a guest. */
import { Guest, type GuestOptions, type Image } from './guest/guest.js';
import { HostFileSource } from './source/host-file.js';

/**
 * Opens disk images by path: files or block devices, in any container format.
 * @param paths one path, or several for the disks hd0, hd1 ... of one guest
 * @throws TygrubError io, usage, corrupt, unsupported; nothing stays open then
 */
export async function openDisk(paths: string | readonly string[], options: GuestOptions = {}): Promise<Guest> {
  const images: Image[] = [];
  try {
    for (const path of typeof paths === 'string' ? [paths] : paths) images.push({ path, source: HostFileSource.open(path) });
    return await Guest.open(images, options);
  } catch (error) {
    for (const image of images) await image.source.close?.();
    throw error;
  }
}
