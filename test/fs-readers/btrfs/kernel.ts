/** What tests need of the kernel. */
import { readFileSync } from 'node:fs';
import type { Missing } from '../../support/requirements.js';

/** A kernel that has btrfs. */
export function kernelBtrfs(): Missing {
  return /\bbtrfs\b/.test(readFileSync('/proc/filesystems', 'latin1')) ? null : 'the kernel has no btrfs (modprobe btrfs)';
}
