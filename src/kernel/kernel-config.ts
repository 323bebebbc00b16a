/** A kernel's configuration (`/boot/config-VERSION`), and whether it can unpack an initrd. */
import { decodeLatin1 } from '../bytes/text.js';
import { limitReached, type Problem } from '../errors.js';
import type { Limits } from '../limits.js';
import type { ByteSource } from '../source/byte-source.js';
import type { Compression } from './compression.js';
import type { InitrdInfo } from './initrd/index.js';
import type { XenMode } from './short-form.js';

/** Settings by name without `CONFIG_`: `y`, `m`, a number, a text in its quotes. What is not set is not in it. */
export type KernelConfig = ReadonlyMap<string, string>;

/** Bytes of a configuration that are read at once: of Debian's 250 KiB, all about initrds and Xen stands in the first 9. */
const PIECE = 16 * 1024;
/** Characters of a line that count; the names and values that are looked for are short. */
const MAX_LINE = 2048;

/**
 * Reads some settings out of a configuration, and no more of the file than it takes: a setting that is off is written
 * down as well (`# CONFIG_XEN_PVH is not set`), unless what it depends on is off.
 * @param names without `CONFIG_`
 * @returns those that are set; null where the file sets nothing and is no configuration
 * @throws TygrubError limit `configSize`; what the source throws
 */
export async function readSettings(source: ByteSource, names: readonly string[], limits: Limits): Promise<KernelConfig | null> {
  if (source.size > limits.configSize) throw limitReached('configSize', `the kernel's configuration has ${source.size} bytes`);
  const line = new RegExp(`^(?:# )?CONFIG_(${names.join('|')})(?:=(.{0,1024})| is not set)$`, 'gm');
  const settings = new Map<string, string>();
  const seen = new Set<string>();
  let isConfig = false;
  let rest = '';
  for (let at = 0; at < source.size && seen.size < names.length; at += PIECE) {
    const text = rest + decodeLatin1(await source.read(at, Math.min(PIECE, source.size - at)));
    // A line that goes on in the next piece is looked at again with it.
    const end = at + PIECE < source.size ? text.lastIndexOf('\n') + 1 : text.length;
    rest = text.slice(Math.max(end, text.length - MAX_LINE));
    const lines = text.slice(0, end);
    isConfig ||= /^CONFIG_\w+=/m.test(lines);
    for (const [, name = '', value] of lines.matchAll(line)) {
      seen.add(name);
      if (value !== undefined) settings.set(name, value);
    }
  }
  return isConfig ? settings : null;
}

/** The settings that say which initrds a kernel takes. */
export function initrdSettings(initrds: readonly InitrdInfo[]): readonly string[] {
  const compressions = new Set(initrds.flatMap(({ parts }) => parts.flatMap(({ compression }) => compression ?? [])));
  return compressions.size === 0 ? [] : [INITRD_SUPPORT, ...[...compressions].map(unpacksWith)];
}

/** The settings that `xenModes` looks at. */
export const XEN_SETTINGS: readonly string[] = ['XEN_PV', 'XEN_PVH'];

const INITRD_SUPPORT = 'BLK_DEV_INITRD';

function unpacksWith(compression: Compression): string {
  return `RD_${compression.toUpperCase()}`;
}

/**
 * Whether a kernel can unpack an initrd.
 * @param config the settings that `initrdSettings` names
 * @returns null when it can
 */
export function initrdProblem(initrd: InitrdInfo, config: KernelConfig): Problem | null {
  if (config.get(INITRD_SUPPORT) !== 'y') {
    return { code: 'initrd.no-support', message: 'the kernel is built without initrd support (CONFIG_BLK_DEV_INITRD)' };
  }
  for (const { compression } of initrd.parts) {
    if (compression === null) continue;
    const option = unpacksWith(compression);
    if (config.get(option) !== 'y') {
      return {
        code: 'initrd.compression',
        message: `the initrd is compressed with ${compression}, which the kernel cannot unpack (CONFIG_${option} is not set)`,
      };
    }
  }
  return null;
}

/**
 * What a configuration says about Xen, without reading the kernel: `PV`, `PVH`. `CONFIG_PVH` alone is not enough: it
 * brings the note that Xen looks for, but such a kernel stops when it finds itself under Xen.
 */
export function xenModes(config: KernelConfig): readonly XenMode[] {
  const modes: XenMode[] = [];
  if (config.get('XEN_PV') === 'y') modes.push('PV');
  if (config.get('XEN_PVH') === 'y') modes.push('PVH');
  return modes;
}
