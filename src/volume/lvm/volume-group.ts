/** A volume group out of its metadata text: physical volumes, logical volumes, segments. Nothing is opened here. */
import { corrupt, limitReached } from '../../errors.js';
import type { Limits } from '../../limits.js';
import { type ConfigSection, type ConfigValue, countOf, listOf, parseConfig, sectionOf, textOf } from './config-text.js';
import { SECTOR } from './layout.js';

export interface PhysicalVolume {
  readonly id: string;
  /** The device that it was last, for messages. */
  readonly device: string;
  /** Bytes from the start of the physical volume to its first extent. */
  readonly start: number;
  /** The group went on while this one was not there: what it holds is stale. */
  readonly missing: boolean;
}

/** A part of a logical volume that is mapped in one way. */
export interface Segment {
  readonly startExtent: number;
  readonly extentCount: number;
  /** `striped`, `mirror`, `raid1`, `thin` ... */
  readonly type: string;
  /** Everything else that the type needs. */
  readonly fields: ConfigSection;
}

export interface LogicalVolume {
  readonly name: string;
  readonly id: string;
  readonly visible: boolean;
  readonly segments: readonly Segment[];
}

export interface VolumeGroup {
  readonly name: string;
  readonly id: string;
  readonly seqno: number;
  /** Bytes of one extent. */
  readonly extentSize: number;
  /** By the name that segments use (`pv0`). */
  readonly physicalVolumes: ReadonlyMap<string, PhysicalVolume>;
  readonly logicalVolumes: ReadonlyMap<string, LogicalVolume>;
}

/**
 * Understands the metadata of a group.
 * @throws TygrubError corrupt, limit
 */
export function parseVolumeGroup(text: string, limits: Limits): VolumeGroup {
  const top = parseConfig(text, limits);
  const found = [...top].find(([, value]) => value instanceof Map && value.has('physical_volumes'));
  if (found === undefined) throw corrupt('lvm.no-group', 'the LVM2 metadata describe no volume group');
  const [name, section] = found as [string, ConfigSection];
  const extentSize = countOf(section, 'extent_size', name) * SECTOR;
  if (extentSize === 0 || !Number.isSafeInteger(extentSize)) {
    throw corrupt('lvm.extent-size', `the extents of the volume group ${name} have an impossible size`);
  }
  const physicalVolumes = new Map<string, PhysicalVolume>();
  for (const [key, value] of subsections(section, 'physical_volumes', limits)) {
    physicalVolumes.set(key, {
      id: textOf(value, 'id') ?? '',
      device: textOf(value, 'device') ?? 'unknown',
      start: countOf(value, 'pe_start', `${name}/${key}`) * SECTOR,
      missing: has(value, 'status', 'MISSING') || has(value, 'flags', 'MISSING'),
    });
  }
  const logicalVolumes = new Map<string, LogicalVolume>();
  for (const [key, value] of subsections(section, 'logical_volumes', limits)) {
    logicalVolumes.set(key, {
      name: key,
      id: textOf(value, 'id') ?? '',
      visible: has(value, 'status', 'VISIBLE'),
      segments: segmentsOf(value, `${name}/${key}`),
    });
  }
  return {
    name,
    id: textOf(section, 'id') ?? '',
    seqno: countOf(section, 'seqno', name),
    extentSize,
    physicalVolumes,
    logicalVolumes,
  };
}

function subsections(section: ConfigSection, name: string, limits: Limits): [string, ConfigSection][] {
  const all = [...(sectionOf(section, name) ?? [])].filter((row): row is [string, Map<string, ConfigValue>] => row[1] instanceof Map);
  // Internal volumes (images, metadata, pools) are several for each one that people see.
  if (all.length > limits.volumes * 8) throw limitReached('volumes', `the LVM2 metadata list ${all.length} ${name}`);
  return all;
}

function has(section: ConfigSection, field: string, flag: string): boolean {
  return listOf(section, field).includes(flag);
}

function segmentsOf(volume: ConfigSection, where: string): Segment[] {
  const segments: Segment[] = [];
  for (const [key, value] of volume) {
    if (!/^segment[0-9]+$/.test(key) || !(value instanceof Map)) continue;
    segments.push({
      startExtent: countOf(value, 'start_extent', where),
      extentCount: countOf(value, 'extent_count', where),
      type: textOf(value, 'type') ?? '',
      fields: value,
    });
  }
  return segments.sort((a, b) => a.startExtent - b.startExtent);
}
