/** Just enough of the x86 boot protocol to tell a Linux kernel from another program; the kernel layer reads the rest. */
import { ascii, layout } from '../bytes/layout.js';
import { TygrubError } from '../errors.js';
import type { BootFile } from './menu.js';

/** Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header". */
const SETUP_HEADER = layout('Linux setup header', 0x206, 'little', {
  header: [0x202, ascii(4)],
});

/**
 * Whether a file is a Linux kernel for x86; null when that cannot be said because the file is not there or cannot be
 * read (which is then the problem of whoever loads it).
 */
export async function isLinuxKernel(file: BootFile): Promise<boolean | null> {
  if (file.size === null) return null;
  if (file.size < SETUP_HEADER.size) return false;
  try {
    const source = await file.open();
    if (source.size < SETUP_HEADER.size) return false;
    return SETUP_HEADER.decode(await source.read(0, SETUP_HEADER.size)).header === 'HdrS';
  } catch (error) {
    if (error instanceof TygrubError) return null;
    throw error;
  }
}
