/** LVM2 and md images made by lvm2 and mdadm, against what the kernel's device-mapper and md read from them. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Guest } from '../../src/guest/guest.js';
import { HostFileSource } from '../../src/source/host-file.js';
import { compareWithManifest, readManifest, sha256 } from '../support/manifest.js';
import { peerData, peerPath, skip } from '../support/requirements.js';
import { unpack } from '../support/unpack.js';
import { type PeerRow, peerRows } from './peer-rows.js';

/** Images that belong together: `open-lvm-striped.pv1`, `.pv2`. */
function sets(type: string): { name: string; rows: PeerRow[] }[] {
  const found = new Map<string, PeerRow[]>();
  for (const row of peerRows().filter((candidate) => candidate.type === type)) {
    const name = row.name.replace(/\.(pv|m)[0-9]+$/, '');
    found.set(name, [...(found.get(name) ?? []), row]);
  }
  return [...found].map(([name, rows]) => ({ name, rows }));
}

async function openGuest(rows: readonly PeerRow[]): Promise<Guest> {
  return Guest.open(
    rows.map((row) => {
      const path = unpack(peerPath('filesystems', row.file));
      return { path, source: HostFileSource.open(path) };
    }),
  );
}

function manifest(rows: readonly PeerRow[], ending: string): string {
  const file = rows[0]?.manifests.find((name) => name.endsWith(ending));
  if (file === undefined) throw new Error(`no ${ending} for ${rows[0]?.name}`);
  return peerPath('filesystems', file);
}

/** Size and SHA-256 of each logical volume, by name. */
function lvs(rows: readonly PeerRow[]): { lv: string; size: number; types: string; sum: string }[] {
  return readFileSync(manifest(rows, '.lvs.tsv'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [lv = '', size = '', types = '', sum = ''] = line.split('\t');
      return { lv, size: Number.parseInt(size, 10), types, sum };
    });
}

/** What lvs says of a volume that we refuse: the refusal's code. */
const REFUSED: Readonly<Record<string, string>> = {
  'open-lvm-thin pool': 'lvm.segment-type',
  'open-lvm-thin thin': 'lvm.segment-type',
  'open-lvm-snap snap': 'lvm.segment-type',
  'open-lvm-missing-pv root': 'lvm.pv-missing',
};

describe.skipIf(skip('LVM2 images', peerData()))('LVM2', () => {
  const groups = sets('lvm');

  it('has images to look at', () => {
    expect(groups.length).toBeGreaterThanOrEqual(9);
  });

  it.each(groups)(
    '$name: each logical volume has the size and the content that LVM gives it, or is refused by name',
    async ({ name, rows }) => {
      const guest = await openGuest(rows);
      try {
        const group = `vg0${name.slice('open-'.length).replace(/[^a-z0-9]/g, '')}`;
        const expected = lvs(rows);
        const ours = guest.volumes.filter((volume) => volume.name.startsWith('lvm/'));
        expect(ours.map((volume) => volume.name).sort()).toEqual(expected.map(({ lv }) => `lvm/${group}-${lv}`).sort());
        for (const { lv, size, sum } of expected) {
          const { volume } = await guest.volume(`lvm/${group}-${lv}`);
          const refusal = REFUSED[`${name} ${lv}`];
          expect(volume.size).toBe(size);
          if (refusal !== undefined) {
            expect(volume.problem?.code).toBe(refusal);
            continue;
          }
          expect(volume.problem).toBeNull();
          expect(await sha256(volume.source)).toBe(sum);
        }
        expect(guest.warnings).toEqual([]);
        for (const disk of guest.disks)
          for (const volume of disk.volumes) expect((await volume.inspect()).problem?.code).toBe('lvm.member');
      } finally {
        await guest.close();
      }
    },
  );

  it('answers to the UUIDs that LVM gives, as GRUB writes them', async () => {
    const rows = sets('lvm').find(({ name }) => name === 'open-lvm-linear')?.rows ?? [];
    const guest = await openGuest(rows);
    const report = JSON.parse(readFileSync(manifest(rows, '.lvs.json'), 'utf8'));
    const text = readFileSync(manifest(rows, '.vgcfg'), 'utf8');
    const groupId = /id = "([^"]+)"/.exec(text)?.[1] ?? '';
    for (const lv of report.report[0].seg) {
      const volume = await guest.volume(`(lvmid/${groupId}/${lv.lv_uuid})`);
      expect(volume.name).toBe(`lvm/${lv.vg_name}-${lv.lv_name}`);
    }
    await guest.close();
  });

  it('a mirror is read from the leg that is there', async () => {
    for (const name of ['open-lvm-mirror', 'open-lvm-raid1']) {
      const rows = sets('lvm').find((set) => set.name === name)?.rows ?? [];
      const [expected] = lvs(rows);
      for (const row of rows.slice(0, 2)) {
        const guest = await openGuest([row]);
        const volume = guest.volumes.find((candidate) => candidate.name.endsWith('-root'));
        expect(await sha256(volume?.volume.source ?? expect.fail(`${row.name}: no volume`))).toBe(expected?.sum);
        await guest.close();
      }
    }
  });
});

describe.skipIf(skip('md images', peerData()))('md', () => {
  const arrays = sets('md');
  const whole = arrays.filter(({ name }) => !name.endsWith('degraded'));

  it('has images to look at', () => {
    expect(whole.length).toBeGreaterThanOrEqual(5);
  });

  it.each(whole)('$name: the array has the size and the content that the kernel gives it', async ({ name, rows }) => {
    const [size = '', sum = ''] = readFileSync(manifest(rows, '.md.txt'), 'utf8').split(/\s+/);
    const mirrored = name.includes('raid1');
    for (const given of mirrored ? [rows, ...rows.map((row) => [row])] : [rows]) {
      const guest = await openGuest(given);
      const array = await guest.volume(name.includes('0.90') ? 'md/90' : 'md/n0');
      expect(array.volume.problem).toBeNull();
      expect(array.volume.size).toBe(Number.parseInt(size, 10));
      expect(await sha256(array.volume.source)).toBe(sum);
      for (const disk of guest.disks) expect((await disk.volumes[0]?.inspect())?.problem?.code).toBe('md.member');
      await guest.close();
    }
  });

  it.each(whole)('$name: the array answers to its UUID as mdadm prints it', async ({ rows }) => {
    const uuid = /UUID : ([0-9a-f:]+)/.exec(readFileSync(manifest(rows, '.examine.txt'), 'utf8'))?.[1] ?? '';
    const guest = await openGuest(rows);
    const array = await guest.volume(`mduuid/${uuid.replaceAll(':', '')}`);
    expect(array.volume.uuid).toBe(uuid);
    await guest.close();
  });

  it('a stale member is not read when the newer one is there', async () => {
    const rows = arrays.find(({ name }) => name.endsWith('degraded'))?.rows ?? [];
    for (const given of [rows, [...rows].reverse()]) {
      const guest = await openGuest(given);
      const { filesystem, problem } = await (await guest.volume('md/n0')).inspect();
      expect(problem).toBeNull();
      if (filesystem === null) return expect.fail('no filesystem');
      expect(await compareWithManifest(filesystem, readManifest(manifest(rows, '.kernel.tsv')))).toEqual([]);
      const problems = await Promise.all(guest.disks.map(async (disk) => (await disk.volumes[0]?.inspect())?.problem?.message));
      expect(problems.filter((message) => message?.includes('stale'))).toHaveLength(1);
      await guest.close();
    }
  });

  it('a RAID 0 with one member missing is listed and refused by name', async () => {
    const rows = arrays.find(({ name }) => name === 'open-md-raid0')?.rows ?? [];
    const guest = await openGuest(rows.slice(0, 1));
    expect((await guest.volume('md/n0')).volume.problem?.code).toBe('md.member-missing');
    await guest.close();
  });
});
