/** Volumes made of volumes: what the volume managers find on a guest's disks and on each other. */
import type { FileSystemOptions } from '../../fs-readers/index.js';
import { TygrubError, type Warning } from '../errors.js';
import { type ManagedMember, VOLUME_MANAGERS, type VolumeManager } from '../volume/index.js';
import { GuestVolume } from './guest-volume.js';

/** Levels of volume managers on each other that are followed (LVM on md on LVM is two: managers of one round stand on each other). */
const MANAGER_ROUNDS = 4;

/**
 * Lets the volume managers make volumes of volumes, in the order of their table: what one makes is looked at by the next,
 * and all of it again in the next round. A volume that one manager took is nobody else's: LVM on a RAID 1 whose
 * superblock is at the end would be found on each member as well.
 */
export async function assembleManaged(volumes: GuestVolume[], warnings: Warning[], options: FileSystemOptions): Promise<void> {
  const seen = new Map<string, Set<GuestVolume>>(VOLUME_MANAGERS.map((manager) => [manager.name, new Set()]));
  for (let round = 0; round < MANAGER_ROUNDS; round++) {
    let made = 0;
    for (const manager of VOLUME_MANAGERS) {
      const asked = seen.get(manager.name) ?? new Set();
      const members = new Map<string, GuestVolume>();
      for (const volume of volumes) {
        if (asked.has(volume) || volume.memberOf !== null || volume.volume.problem !== null) continue;
        asked.add(volume);
        if (await probes(manager, volume)) members.set(volume.grubName, volume);
      }
      if (members.size === 0) continue;
      const found: ManagedMember[] = [...members].map(([where, { volume }]) => ({ where, source: volume.source }));
      try {
        const result = await manager.assemble(found, options.limits);
        for (const [where, membership] of result.members) members.get(where)?.joins(membership);
        volumes.push(...result.volumes.map((volume) => new GuestVolume(volume, null, options)));
        warnings.push(...result.warnings);
        made += result.volumes.length;
      } catch (error) {
        if (!(error instanceof TygrubError)) throw error;
        warnings.push({ code: error.code, message: `${manager.name} on ${found.map((m) => m.where).join(', ')}: ${error.summary}` });
      }
    }
    if (made === 0) return;
  }
}

/** A volume whose bytes cannot even be read for a look is no member; whoever opens it will say why. */
async function probes(manager: VolumeManager, volume: GuestVolume): Promise<boolean> {
  try {
    return await manager.probe(volume.volume.source);
  } catch (error) {
    if (!(error instanceof TygrubError)) throw error;
    return false;
  }
}
