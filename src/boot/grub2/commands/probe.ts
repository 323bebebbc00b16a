/** `probe`: facts about a device. */
import { bareDeviceName } from '../devices.js';
import { missingDevice } from '../files.js';
import { type OptionSpec, parseOptions } from '../options.js';
import { Status } from '../status.js';
import type { Command } from './command.js';

const OPTIONS: readonly OptionSpec[] = [
  { long: 'set', short: 's', value: 'required' },
  { long: 'driver', short: 'd', value: 'none' },
  { long: 'partmap', short: 'p', value: 'none' },
  { long: 'fs', short: 'f', value: 'none' },
  { long: 'fs-uuid', short: 'u', value: 'none' },
  { long: 'label', short: 'l', value: 'none' },
  { long: 'part-uuid', value: 'none' },
];

const probe: Command = {
  async run(machine, { args }) {
    const parsed = parseOptions(OPTIONS, args);
    if (!parsed.ok) return machine.fail(Status.BAD_ARGUMENT, 'grub2.argument', `probe: ${parsed.message}`);
    const { options, rest } = parsed;
    const [name] = rest;
    if (name === undefined) return machine.fail(Status.BAD_ARGUMENT, 'grub2.argument', 'probe needs a device');
    const device = machine.surroundings.devices.resolve(bareDeviceName(name));
    if (device === null) return machine.fail(missingDevice(bareDeviceName(name)), 'grub2.no-device', `there is no device ${name}`);
    const answer = (value: string): number => {
      const variable = options.get('set')?.at(-1);
      if (variable !== undefined) machine.set(variable, value);
      return Status.OK;
    };
    if (options.has('driver')) return answer(device.volume?.disk === null ? device.name.slice(0, device.name.indexOf('/')) : 'biosdisk');
    if (options.has('partmap')) return answer(device.partmap ?? 'none');
    if (options.has('part-uuid')) return answer(device.volume?.volume.uuid ?? '');
    const filesystem = device.volume === null ? null : (await device.volume.inspect()).filesystem;
    if (filesystem === null) return machine.fail(Status.UNKNOWN_FS, 'grub2.no-filesystem', `${name} has no filesystem`);
    if (options.has('fs')) return answer(filesystem.grubType);
    if (options.has('fs-uuid'))
      return filesystem.uuid === null
        ? machine.fail(Status.NOT_IMPLEMENTED, 'grub2.probe', `${name} has no UUID`)
        : answer(filesystem.uuid);
    if (options.has('label'))
      return filesystem.label === null
        ? machine.fail(Status.NOT_IMPLEMENTED, 'grub2.probe', `${name} has no label`)
        : answer(filesystem.label);
    return machine.fail(Status.BAD_ARGUMENT, 'grub2.argument', 'probe needs to know what to tell');
  },
};

export const PROBE_COMMANDS: readonly (readonly [string, Command])[] = [['probe', probe]];
