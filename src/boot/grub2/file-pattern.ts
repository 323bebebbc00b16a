/** Replaces an argument that is a pattern by the devices and files that it matches. */

import { bareDeviceName, type Device } from './devices.js';
import type { Argument } from './expansion.js';
import { attempt } from './files.js';
import type { Machine } from './machine.js';
import { filePattern, matchesPattern, type PatternPart } from './wildcard.js';

/** The matches, in the order of devices and directories; none when the argument is no pattern or nothing fits. */
export async function expandPattern(machine: Machine, argument: Argument): Promise<string[]> {
  const pattern = filePattern(argument);
  if (pattern === null) return [];
  const { devices, budget } = machine.surroundings;
  let roots: { device: Device; text: string }[];
  if (pattern.device === null) {
    const root = devices.resolve(bareDeviceName(machine.get('root') ?? ''));
    roots = root === null ? [] : [{ device: root, text: '' }];
  } else {
    const { device } = pattern;
    roots = devices
      .all()
      // Partitions are only gone through where the pattern has their comma.
      .filter((candidate) => device.text.includes(',') || !candidate.name.includes(','))
      .map((candidate) => ({ device: candidate, text: `(${candidate.name})` }))
      .filter(({ text }) => (device.elements === null ? device.text === text : matchesPattern(device.elements, text)));
  }
  let found = roots;
  for (const part of pattern.parts) {
    const next: { device: Device; text: string }[] = [];
    for (const place of found) {
      for (const name of await matchesIn(machine, place.device, place.text, part)) {
        const text = `${place.text}/${name}`;
        budget.charge(text.length);
        next.push({ device: place.device, text });
      }
    }
    found = next;
  }
  return found.map(({ text }) => text);
}

/** Names in one directory that fit one part; a part without wildcards only has to exist. */
async function matchesIn(machine: Machine, device: Device, directory: string, part: PatternPart): Promise<string[]> {
  const { volume } = device;
  if (volume === null) return [];
  const { files, budget } = machine.surroundings;
  const path = directory.slice(directory.indexOf(')') + 1);
  budget.step();
  if (part.elements === null) {
    const node = await attempt(machine, () => files.stat(volume, `${path}/${part.text}`));
    return node === null ? [] : [part.text];
  }
  const names = (await attempt(machine, () => files.list(volume, path === '' ? '/' : path))) ?? [];
  budget.step(Math.ceil(names.length / 16));
  const { elements } = part;
  return names.filter((name) => matchesPattern(elements, name));
}
