/** File names as GRUB's commands take them: `(device)/path`, `/path` on `$root`, blocklists. */
import { type Problem, TygrubError } from '../../errors.js';
import type { ByteSource } from '../../source/byte-source.js';
import { ConcatenatedSource } from '../../source/concatenation.js';
import { SliceSource } from '../../source/slice.js';
import { bareDeviceName, type Device } from './devices.js';
import type { Machine } from './machine.js';
import { parseUnsigned } from './numbers.js';
import { Status } from './status.js';

/** A file name taken apart. */
export interface FileName {
  /** The device as written or as `$root` has it, without parentheses; null when there is none. */
  readonly deviceName: string | null;
  readonly device: Device | null;
  /** What follows the device. */
  readonly path: string;
}

/** Takes a file name apart; null for an unclosed parenthesis. */
export function parseFileName(machine: Machine, text: string): FileName | null {
  let deviceName: string | null = machine.get('root') ?? null;
  let path = text;
  if (text.startsWith('(')) {
    const close = text.indexOf(')');
    if (close < 0) return null;
    if (close > 1) deviceName = text.slice(1, close);
    path = text.slice(close + 1);
  }
  if (deviceName !== null) deviceName = bareDeviceName(deviceName);
  const device = deviceName === null || deviceName === '' ? null : machine.surroundings.devices.resolve(deviceName);
  return { deviceName, device, path };
}

/** Runs a look into a filesystem; what is wrong with the filesystem is a warning and the answer null. Bounds stay errors. */
export async function attempt<T>(machine: Machine, look: () => Promise<T>): Promise<T | null> {
  machine.surroundings.budget.step();
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof TygrubError)) throw error;
    if (error.kind !== 'not-found') machine.surroundings.warn(error.code, error.summary, machine.place);
    return null;
  }
}

/** A file that could be opened, or why not. */
export type OpenedFile =
  | { readonly ok: true; readonly name: FileName; readonly source: ByteSource }
  | {
      readonly ok: false;
      readonly name: FileName | null;
      readonly problem: Problem;
      /** GRUB's number for the error. */
      readonly status: number;
    };

/** Opens a file for reading, blocklists (`(hd0)1+2`) included. */
export async function openFile(machine: Machine, text: string): Promise<OpenedFile> {
  const { files, budget } = machine.surroundings;
  budget.step();
  const name = parseFileName(machine, text);
  if (name === null) return refusal(null, Status.BAD_FILENAME, 'grub2.file-name', `the file name ${text} has no closing parenthesis`);
  const { device, path } = name;
  if (device === null) {
    const missing = name.deviceName ?? '';
    return refusal(name, missingDevice(missing), 'grub2.no-device', `there is no device ${missing || '(root is not set)'} for ${text}`);
  }
  try {
    if (!path.startsWith('/')) {
      const source = blocklist(device, path);
      return source === null
        ? refusal(name, Status.BAD_FILENAME, 'grub2.file-name', `the file name ${text} does not start with /`)
        : { ok: true, name, source };
    }
    if (device.volume === null)
      return refusal(name, Status.UNKNOWN_FS, 'grub2.no-filesystem', `${device.name} has no filesystem that could hold ${path}`);
    return { ok: true, name, source: await files.open(device.volume, path) };
  } catch (error) {
    if (!(error instanceof TygrubError)) throw error;
    const status =
      error.code === 'boot.not-a-file' ? Status.BAD_FILE_TYPE : error.kind === 'not-found' ? Status.FILE_NOT_FOUND : Status.BAD_FS;
    return refusal(name, status, error.kind === 'not-found' ? 'grub2.file-missing' : error.code, error.summary);
  }
}

function refusal(name: FileName | null, status: number, code: string, message: string): OpenedFile {
  return { ok: false, name, problem: { code, message }, status };
}

/**
 * GRUB's number for a device that is not there. It takes a name without a comma for a server's, where it has network support
 * as grub-emu and signed images have it.
 */
export function missingDevice(name: string): number {
  return name.includes(',') ? Status.UNKNOWN_DEVICE : Status.NET_BAD_ADDRESS;
}

/** Bytes of the sectors that blocklists count in. */
const SECTOR = 512;

/** Parts of one blocklist; an environment block needs one. */
const MAX_BLOCKLIST = 1000;

/** Sectors of 512 bytes: `START+COUNT`, several joined by commas. Null when it is none or leaves the device. */
function blocklist(device: Device, text: string): ByteSource | null {
  const runs: ByteSource[] = [];
  for (let at = 0; ; ) {
    const start = parseUnsigned(text, 0, at);
    const plus = text.charAt(start.end) === '+';
    if (!plus) return null;
    const count = parseUnsigned(text, 0, start.end + 1);
    if (!count.found || count.value === 0) return null;
    const first = start.found ? start.value : 0;
    if (first + count.value > device.source.size / SECTOR || runs.length >= MAX_BLOCKLIST) return null;
    runs.push(new SliceSource(device.source, first * SECTOR, count.value * SECTOR));
    if (count.end === text.length) break;
    if (text.charAt(count.end) !== ',') return null;
    at = count.end + 1;
  }
  return new ConcatenatedSource(runs);
}

/** The name without a last slash-separated part: `(hd0,1)/boot/grub` of `(hd0,1)/boot/grub/grub.cfg`. */
export function directoryOf(file: string): string {
  const slash = file.lastIndexOf('/');
  return slash < 0 ? file : file.slice(0, slash);
}
