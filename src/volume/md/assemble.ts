/** Linux md: arrays of volumes, named as GRUB names them (`md/NAME`, `mduuid/HEX`). */
import { type Problem, problemOf, TygrubError, type Warning } from '../../errors.js';
import type { Limits } from '../../limits.js';
import { MemorySource } from '../../source/memory.js';
import { scanVolumes } from '../scan.js';
import type { AssembledVolumes, ManagedMember, Volume } from '../volume.js';
import { arraySource, type MdArray, mdArray } from './array.js';
import type { MdMember } from './member.js';
import { readSuperblock0 } from './superblock-0.js';
import { hasSuperblock1, readSuperblock1 } from './superblock-1.js';

/** Makes volumes of what was found: `VolumeManager.assemble`. */
export async function assembleMd(found: readonly ManagedMember[], limits: Limits): Promise<AssembledVolumes> {
  const warnings: Warning[] = [];
  const members = new Map<string, Problem>();
  const groups = new Map<string, MdMember[]>();
  for (const { where, source } of found) {
    try {
      const member = (await hasSuperblock1(source)) ? await readSuperblock1(source, where) : await readSuperblock0(source, where);
      const key = `${member.version === '0.90' ? 0 : 1} ${member.arrayUuid}`;
      groups.set(key, [...(groups.get(key) ?? []), member]);
    } catch (error) {
      const problem = problemOf(error);
      members.set(where, problem);
      warnings.push(problem);
    }
  }
  const volumes: Volume[] = [];
  const names = new Set<string>();
  for (const group of groups.values()) {
    const array = mdArray(group);
    const name = freeName(`md/${array.newest.name}`, names);
    names.add(name);
    for (const member of array.members) members.set(member.where, membership(array, member, name));
    // A disk full of arrays, each with the same long table, must not become a million volumes.
    if (volumes.length >= limits.volumes) continue;
    const volume = arrayVolume(array, name, limits);
    const partitions = await partitionsOf(volume, limits, warnings);
    volumes.push(volume);
    volumes.push(...partitions.slice(0, limits.volumes - volumes.length));
    if (volumes.length >= limits.volumes) {
      warnings.push({
        code: 'limit.volumes',
        message: `more than ${limits.volumes} arrays and partitions of arrays are not listed (limit volumes)`,
      });
    }
  }
  return { volumes, members, warnings };
}

/** GRUB's way with a second array of the same name: `_1`, `_2`. */
function freeName(wanted: string, taken: ReadonlySet<string>): string {
  let name = wanted;
  for (let n = 1; taken.has(name); n++) name = `${wanted}_${n}`;
  return name;
}

function membership(array: MdArray, member: MdMember, name: string): Problem {
  const stale = member.role !== null && array.current.get(member.role) !== member;
  const state = member.role === null ? 'spare or failed' : stale ? 'stale: the array went on without it' : `number ${member.role}`;
  return { code: 'md.member', message: `a member of the md array ${name} (metadata ${member.version}, ${state})` };
}

function arrayVolume(array: MdArray, name: string, limits: Limits): Volume {
  const { arrayUuid, version } = array.newest;
  const base = {
    name,
    aliases: [`mduuid/${arrayUuid}`],
    start: null,
    type: 'md',
    active: false,
    uuid: (arrayUuid.match(/.{8}/g) ?? []).join(':'),
    label: null,
  };
  try {
    if (array.newest.problem !== null)
      return { ...base, size: 0, source: new MemorySource(new Uint8Array(0)), problem: array.newest.problem };
    const source = arraySource(array, `${name} (metadata ${version})`, limits);
    return { ...base, size: source.size, source, problem: null };
  } catch (error) {
    if (!(error instanceof TygrubError)) throw error;
    return { ...base, size: 0, source: new MemorySource(new Uint8Array(0)), problem: problemOf(error), problemKind: error.kind };
  }
}

/** The partitions of an array that has a table of its own: `md/0,msdos1`. */
async function partitionsOf(array: Volume, limits: Limits, warnings: Warning[]): Promise<Volume[]> {
  if (array.problem !== null) return [];
  try {
    const table = await scanVolumes(array.source, limits);
    warnings.push(...table.warnings);
    const parts = table.volumes.filter((volume) => volume.name !== 'whole');
    const under = (name: string): string => `${array.name},${name}`;
    return parts.map((volume) => ({ ...volume, name: under(volume.name), start: null }));
  } catch (error) {
    if (!(error instanceof TygrubError)) throw error;
    warnings.push({ code: error.code, message: `the partition table of ${array.name}: ${error.message}` });
    return [];
  }
}
