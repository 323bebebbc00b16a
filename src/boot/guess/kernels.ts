/** Kernels and initrds on a filesystem that no boot loader was told about, by the names that distributions give them. */
import type { FileNode } from '../../../fs-readers/index.js';
import { TygrubError } from '../../errors.js';
import type { GuestVolume } from '../../guest/guest.js';
import type { GuestFiles } from '../dialect.js';
import { compareVersions } from '../version-order.js';

/** A kernel that was found, with its initrd. */
export interface FoundKernel {
  readonly volume: GuestVolume;
  readonly path: string;
  /** What follows the kernel's name in its file name, the release mostly; empty where there is nothing. */
  readonly version: string;
  readonly initrd: string | null;
  /** Rescue and fallback kernels come last. */
  readonly rescue: boolean;
}

/** Beginnings of kernel names; what follows is `-VERSION` or nothing. */
const KERNEL_NAMES = ['vmlinuz', 'vmlinux', 'bzImage', 'zImage', 'Image', 'kernel', 'linux'];

/** Endings that are no part of the version. */
const KERNEL_ENDINGS = ['.gz', '.efi', '.zst', '.xz'];

/** Endings of what lies beside kernels and is none. */
const NOT_KERNELS = ['.sig', '.sign', '.hmac', '.old.bak', '.conf', '.img', '.map', '.txt', '.debug', '.cfg', '.d', '.dtb', '.modules'];

/** File names of the initrd of a version, by distribution. */
function initrdNames(version: string): string[] {
  if (version === '') return ['initrd.img', 'initrd', 'initramfs.img', 'initramfs', 'initrd.gz', 'initramfs.cpio.gz'];
  return [
    `initrd.img-${version}`,
    `initramfs-${version}.img`,
    `initrd-${version}`,
    `initrd-${version}.img`,
    `initramfs-${version}`,
    `initramfs-${version}.img.gz`,
    `initrd-${version}.gz`,
    `initramfs-genkernel-x86_64-${version}`,
    `initramfs-genkernel-x86-${version}`,
  ];
}

/** The version in a kernel's file name; null for what is no kernel. */
export function kernelVersion(name: string): string | null {
  if (NOT_KERNELS.some((ending) => name.endsWith(ending))) return null;
  const stem = KERNEL_NAMES.find((prefix) => name === prefix || name.startsWith(`${prefix}-`) || name.startsWith(`${prefix}.`));
  if (stem === undefined) return null;
  let rest = name.slice(stem.length);
  for (const ending of KERNEL_ENDINGS) if (rest.endsWith(ending)) rest = rest.slice(0, -ending.length);
  if (rest.startsWith('.')) return rest === '' || rest === '.old' ? rest.slice(1) : null;
  return rest.slice(1);
}

/** Directories with kernels beside each other; `/usr/lib/modules/VERSION/vmlinuz` has one for each. */
const DIRECTORIES = ['/boot', '/'];
const MODULES = ['/usr/lib/modules', '/lib/modules'];

/** Newest first; rescue kernels last, kernels without a version after those with one. */
export function compareKernels(a: FoundKernel, b: FoundKernel): number {
  return (
    Number(a.rescue) - Number(b.rescue) ||
    Number(a.version === '') - Number(b.version === '') ||
    compareVersions(b.version, a.version) ||
    (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)
  );
}

/**
 * The kernels of a volume, unsorted; a link to one that is listed is not listed again.
 * @throws TygrubError when the filesystem cannot be read
 */
export async function findKernels(files: GuestFiles, volume: GuestVolume): Promise<FoundKernel[]> {
  const found: FoundKernel[] = [];
  const seen = new Set<string>();
  const add = async (directory: string, name: string, version: string, initrd: string | null): Promise<void> => {
    const path = `${directory === '/' ? '' : directory}/${name}`;
    const node = await look(files, volume, path);
    if (node?.type !== 'f' || node.size === 0 || seen.has(node.id) || found.length >= files.limits.menuEntries) return;
    seen.add(node.id);
    found.push({ volume, path, version, initrd, rescue: version.includes('rescue') || version === 'old' });
  };
  for (const directory of DIRECTORIES) {
    const names = await files.list(volume, directory);
    const there = new Set(names);
    for (const name of names) {
      const version = kernelVersion(name);
      if (version === null) continue;
      const initrd = initrdNames(version).find((candidate) => there.has(candidate));
      const path = initrd === undefined ? null : `${directory === '/' ? '' : directory}/${initrd}`;
      await add(directory, name, version, path);
    }
  }
  const versions = new Set(found.map((kernel) => kernel.version));
  for (const directory of MODULES) {
    for (const version of (await files.list(volume, directory)).slice(0, files.limits.menuEntries)) {
      if (versions.has(version)) continue;
      const inside = `${directory}/${version}`;
      const initrd = (await look(files, volume, `${inside}/initramfs.img`)) === null ? null : `${inside}/initramfs.img`;
      await add(inside, 'vmlinuz', version, initrd);
    }
  }
  return found;
}

/** Leaves out kernels of the module directories that lie in /boot, too, perhaps on another volume. */
export function withoutCopies(kernels: readonly FoundKernel[]): FoundKernel[] {
  const isCopy = (kernel: FoundKernel): boolean => MODULES.some((directory) => kernel.path.startsWith(`${directory}/`));
  const versions = new Set(kernels.filter((kernel) => !isCopy(kernel)).map((kernel) => kernel.version));
  return kernels.filter((kernel) => !isCopy(kernel) || !versions.has(kernel.version));
}

/** A node, or null also where its directory is damaged: a guess goes on with what is left. */
async function look(files: GuestFiles, volume: GuestVolume, path: string): Promise<FileNode | null> {
  try {
    return await files.stat(volume, path);
  } catch (error) {
    if (error instanceof TygrubError && error.kind !== 'limit') return null;
    throw error;
  }
}
