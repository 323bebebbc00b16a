/** LVM2: volume groups and their logical volumes, named as GRUB names them (`lvm/VG-LV`, `lvmid/VG-UUID/LV-UUID`). */
import { corrupt, type Problem, problemOf, TygrubError, type Warning } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { ByteSource } from '../../source/byte-source.js';
import { MemorySource } from '../../source/memory.js';
import type { AssembledVolumes, ManagedMember, Volume } from '../volume.js';
import { readLabel } from './label.js';
import { GroupMapping } from './mapping.js';
import { MetadataTexts, readMetadataText } from './metadata-area.js';
import { type LogicalVolume, parseVolumeGroup, type VolumeGroup } from './volume-group.js';

/** A physical volume with its label read. */
interface Physical {
  readonly where: string;
  readonly id: string;
  readonly source: ByteSource;
}

/** Makes volumes of what was found: `VolumeManager.assemble`. */
export async function assembleLvm(found: readonly ManagedMember[], limits: Limits): Promise<AssembledVolumes> {
  const warnings: Warning[] = [];
  const members = new Map<string, Problem>();
  const groups = new Map<string, VolumeGroup>();
  const physicals: Physical[] = [];
  const known = new MetadataTexts(limits);
  /** The newest metadata of each group win; a physical volume that was away has old ones. */
  const learn = (group: VolumeGroup): void => {
    const known = groups.get(group.id);
    if (known === undefined || group.seqno > known.seqno) groups.set(group.id, group);
  };
  for (const { where, source } of found) {
    try {
      const label = await readLabel(source, where);
      physicals.push({ where, id: label.id, source });
      const { texts, failure } = await readAreas(source, label.metadataAreas, where, known);
      for (const text of texts) learn(parseVolumeGroup(text, limits));
      if (failure !== null) {
        warnings.push(failure);
        if (texts.length === 0) members.set(where, failure);
      }
    } catch (error) {
      const problem = problemOf(error);
      warnings.push(problem);
      members.set(where, problem);
    }
  }
  const volumes: Volume[] = [];
  for (const group of groups.values()) volumes.push(...(await groupVolumes(group, physicals, members, limits)));
  for (const { where, id } of physicals) {
    if (members.has(where)) continue;
    members.set(where, { code: 'lvm.member', message: `the LVM2 physical volume ${id}, which belongs to no volume group that was found` });
  }
  if (volumes.length > limits.volumes) {
    warnings.push({ code: 'limit.volumes', message: `more than ${limits.volumes} logical volumes are not listed (limit volumes)` });
  }
  return { volumes: volumes.slice(0, limits.volumes), members, warnings };
}

/** The texts of all metadata areas that can be read, and why the first of the others cannot. */
async function readAreas(
  source: ByteSource,
  areas: readonly { readonly offset: number; readonly size: number }[],
  where: string,
  known: MetadataTexts,
): Promise<{ texts: string[]; failure: Problem | null }> {
  const texts: string[] = [];
  let failure: Problem | null = null;
  for (const area of areas) {
    try {
      const text = await readMetadataText(source, area, where, known);
      if (text !== null) texts.push(text);
    } catch (error) {
      failure ??= problemOf(error);
    }
  }
  return { texts, failure };
}

async function groupVolumes(
  group: VolumeGroup,
  physicals: readonly Physical[],
  members: Map<string, Problem>,
  limits: Limits,
): Promise<Volume[]> {
  const own = new Set([...group.physicalVolumes.values()].map(({ id }) => id));
  const present = new Map<string, ByteSource>();
  for (const { where, id, source } of physicals) {
    if (!own.has(id)) continue;
    members.set(where, { code: 'lvm.member', message: `a physical volume of the LVM2 volume group ${group.name}` });
    // Two copies of one physical volume (a disk and its clone) cannot both be meant; the first given is taken.
    if (!present.has(id)) present.set(id, source);
  }
  const mapping = new GroupMapping(group, present, limits);
  const volumes: Volume[] = [];
  for (const volume of group.logicalVolumes.values()) {
    if (volumes.length > limits.volumes) break;
    if (volume.visible) volumes.push(await logicalVolume(group, shownAs(volume), volume, mapping));
  }
  return volumes;
}

/** A snapshot stands in the metadata as a volume `snapshotN` whose store has the name that people gave. */
function shownAs(volume: LogicalVolume): string {
  const [segment] = volume.segments;
  const store = segment?.type === 'snapshot' ? segment.fields.get('cow_store') : undefined;
  return typeof store === 'string' ? store : volume.name;
}

async function logicalVolume(group: VolumeGroup, name: string, volume: LogicalVolume, mapping: GroupMapping): Promise<Volume> {
  const doubled = (text: string): string => text.replaceAll('-', '--');
  const extents = volume.segments.reduce((sum, segment) => sum + segment.extentCount, 0);
  const base = {
    name: `lvm/${doubled(group.name)}-${doubled(name)}`,
    aliases: [`lvmid/${group.id}/${volume.id}`],
    start: null,
    type: 'lvm',
    active: false,
    uuid: volume.id === '' ? null : volume.id,
    label: null,
  };
  try {
    if (!Number.isSafeInteger(extents * group.extentSize)) throw corrupt('lvm.volume-size', `the volume ${name} is impossibly large`);
    const source = await mapping.volume(volume.name);
    return { ...base, size: source.size, source, problem: null };
  } catch (error) {
    if (!(error instanceof TygrubError)) throw error;
    const size = extents * group.extentSize;
    return {
      ...base,
      size: Number.isSafeInteger(size) ? size : 0,
      source: new MemorySource(new Uint8Array(0)),
      problem: problemOf(error),
      problemKind: error.kind,
    };
  }
}
