/** The way in for programs on Node: from paths to a guest. */
import { provideNodeCodecs } from './codec/node-codecs.js';
import { isVhdFolder } from './disk/vhd/index.js';
import { Guest, type GuestOptions, type Image } from './guest/guest.js';
import { HostFileSource } from './source/host-file.js';
import { hostFolder, hostNeighbours, type NeighbourPolicy } from './source/host-neighbours.js';

/**
 * Opens disk images by path: files or block devices in any container format, and Xen Orchestra's VHD folders.
 * @param paths one path, or several for the disks hd0, hd1 ... of one guest
 * @throws TygrubError io, usage, corrupt, unsupported; nothing stays open then
 */
export async function openDisk(paths: string | readonly string[], options: GuestOptions = {}): Promise<Guest> {
  provideNodeCodecs();
  const images: Image[] = [];
  try {
    for (const path of typeof paths === 'string' ? [paths] : paths) images.push(await openImage(path, options));
    return await Guest.open(images, options);
  } catch (error) {
    for (const image of images) await image.source.close?.();
    throw error;
  }
}

/**
 * Opens one image on the host, with the files that it may name under the caller's policy.
 * @throws TygrubError io, usage (a directory that is no VhdDirectory)
 */
export async function openImage(path: string, policy: NeighbourPolicy = {}): Promise<Image> {
  const folder = hostFolder(path, policy);
  if (folder !== null && (await isVhdFolder(folder))) {
    const header = await folder.files.open('header');
    if (header !== null) return { path, source: header.source, neighbours: folder.neighbours, folder };
  }
  const source = HostFileSource.open(path);
  try {
    return { path, source, neighbours: hostNeighbours(path, policy) };
  } catch (error) {
    await source.close();
    throw error;
  }
}
