/** A guest out of one of the peers' cases: the case's files, and its further devices. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Guest } from '../../../src/guest/guest.js';
import { filesOfDirectory, memoryGuest } from '../../support/directory-filesystem.js';

/** What a case says of its devices and variables. */
export interface PeerContext {
  readonly fs_uuid?: string;
  readonly fs_label?: string;
  readonly fs_type?: string;
  readonly vars?: Readonly<Record<string, string>>;
  readonly other_devices?: readonly {
    readonly dir: string;
    readonly fs_uuid?: string;
    readonly fs_label?: string;
    readonly fs_type?: string;
  }[];
}

/** Each device is a disk without partitions, as in the recordings; the first one holds the config. */
export function peerGuest(folder: string, context: PeerContext): Guest {
  const volumes = [{ dir: 'fs', ...context }, ...(context.other_devices ?? [])].map((device) => ({
    name: 'whole',
    files: existsSync(join(folder, device.dir)) ? filesOfDirectory(join(folder, device.dir)) : {},
    uuid: device.fs_uuid ?? null,
    label: device.fs_label ?? null,
    ...(device.fs_type === undefined ? {} : { type: device.fs_type }),
  }));
  return memoryGuest(volumes.map((volume) => [volume]));
}
