/** A kernel's configuration (`/boot/config-VERSION`), and whether it can unpack an initrd. */
import { decodeLatin1 } from '../bytes/text.js';
import type { Problem } from '../errors.js';
import type { InitrdInfo } from './initrd/index.js';

/** Settings by name without `CONFIG_`: `y`, `m`, a number, a text. What is not set is not in it. */
export type KernelConfig = ReadonlyMap<string, string>;

/** Reads a configuration file; lines that set nothing are passed over. */
export function parseKernelConfig(file: Uint8Array): KernelConfig {
  const settings = new Map<string, string>();
  for (const line of decodeLatin1(file).split('\n')) {
    const match = /^CONFIG_([A-Za-z0-9_]{1,128})=(.{0,1024})$/.exec(line.trimEnd());
    if (match !== null) settings.set(match[1] ?? '', (match[2] ?? '').replace(/^"(.*)"$/, '$1'));
  }
  return settings;
}

/**
 * Whether a kernel can unpack an initrd.
 * @returns null when it can, or when the configuration does not tell
 */
export function initrdProblem(initrd: InitrdInfo, config: KernelConfig): Problem | null {
  if (config.size === 0) return null;
  if (config.get('BLK_DEV_INITRD') !== 'y') {
    return { code: 'initrd.no-support', message: 'the kernel is built without initrd support (CONFIG_BLK_DEV_INITRD)' };
  }
  for (const { compression } of initrd.parts) {
    if (compression === null) continue;
    const option = `RD_${compression.toUpperCase()}`;
    if (config.get(option) !== 'y') {
      return {
        code: 'initrd.compression',
        message: `the initrd is compressed with ${compression}, which the kernel cannot unpack (CONFIG_${option} is not set)`,
      };
    }
  }
  return null;
}

/** What a configuration says about Xen, without reading the kernel: `PV`, `PVH`. */
export function xenModes(config: KernelConfig): readonly ('PV' | 'PVH')[] {
  const modes: ('PV' | 'PVH')[] = [];
  if (config.get('XEN_PV') === 'y') modes.push('PV');
  if (config.get('XEN_PVH') === 'y' || config.get('PVH') === 'y') modes.push('PVH');
  return modes;
}
