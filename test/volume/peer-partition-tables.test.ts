/** The partition tables of the peer images, against the kernel's own scan of them and sfdisk's. */
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { resolvePath } from '../../fs-readers/path.js';
import { Guest } from '../../src/guest/guest.js';
import { DEFAULT_LIMITS } from '../../src/limits.js';
import { HostFileSource } from '../../src/source/host-file.js';
import { scanVolumes, type Volume, type VolumeTable } from '../../src/volume/index.js';
import { peerData, peerPath, skip } from '../support/requirements.js';
import { unpack } from '../support/unpack.js';
import { type PeerRow, peerRows } from './peer-rows.js';

/** `start+size` of each partition that the kernel found. */
function kernelScan(row: PeerRow): string[] {
  const file = row.manifests.find((name) => name.endsWith('.parts.tsv'));
  if (file === undefined) throw new Error(`${row.name} has no parts.tsv`);
  return readFileSync(peerPath('filesystems', file), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [number = '', start = '', size = ''] = line.split('\t');
      return `${number}:${start}+${size}`;
    });
}

interface SfdiskPartition {
  readonly node: string;
  readonly start: number;
  readonly size: number;
  readonly type: string;
  readonly uuid?: string;
  readonly name?: string;
  readonly attrs?: string;
  readonly bootable?: boolean;
}

/** What sfdisk read, where it wrote JSON. */
function sfdisk(row: PeerRow): { label: string; id: string; sectorsize: number; partitions: SfdiskPartition[] } | null {
  const file = row.manifests.find((name) => /\.sfdisk\.json(\.gz)?$/.test(name));
  if (file === undefined) return null;
  const raw = readFileSync(peerPath('filesystems', file));
  return JSON.parse((file.endsWith('.gz') ? gunzipSync(raw) : raw).toString('utf8')).partitiontable;
}

async function scan(row: PeerRow): Promise<VolumeTable> {
  const source = HostFileSource.open(unpack(peerPath('filesystems', row.file)));
  const table = await scanVolumes(source, DEFAULT_LIMITS);
  return table;
}

/** Our volumes as the kernel numbers them: nested labels go on from 5. */
function numbered(volumes: readonly Volume[]): string[] {
  let nested = 5;
  return volumes
    .filter((volume) => volume.name !== 'whole')
    .map((volume) => {
      const number = volume.name.includes(',') ? nested++ : Number.parseInt(volume.name.replace(/^\D+/, ''), 10);
      return `${number}:${volume.start}+${volume.size}`;
    });
}

const names = (table: VolumeTable): string[] => table.volumes.map((volume) => volume.name);
const codes = (table: VolumeTable): string[] => table.warnings.map((warning) => warning.code);

const rows = peerRows();
const tables = rows.filter((row) => row.name.startsWith('open-pt-'));
/** The kernel uses a backup GPT only when told to, and no entries but those of 128 bytes; sfdisk does both. */
const SFDISK_DECIDES = new Set(['open-pt-gpt-entries-broken', 'open-pt-gpt-entry256', 'open-pt-gpt-hdrcrc', 'open-pt-gpt-primary-broken']);

describe.skipIf(skip('partition tables of the peer images', peerData()))('peer partition tables', () => {
  it.each(tables.filter((row) => row.expect === 'read'))('$name: the filesystems that the kernel sees are there', async (row) => {
    const path = unpack(peerPath('filesystems', row.file));
    const guest = await Guest.open([{ path, source: HostFileSource.open(path) }]);
    const file = row.manifests.find((name) => name.endsWith('.parts.tsv')) ?? '';
    const starts = readFileSync(peerPath('filesystems', file), 'utf8')
      .split('\n')
      .filter((line) => line.endsWith('\tyes'))
      .map((line) => Number(line.split('\t')[1]));
    for (const start of starts) {
      const volume = guest.volumes.find((candidate) => candidate.volume.start === start && candidate.volume.name !== 'whole');
      const filesystem = await volume?.filesystem();
      expect(filesystem?.type).toBe('ext2');
      if (filesystem !== null && filesystem !== undefined) await resolvePath(filesystem, '/boot/grub/grub.cfg', DEFAULT_LIMITS);
    }
    await guest.close();
  });

  it('has rows to look at', () => {
    expect(tables.length).toBeGreaterThan(25);
  });

  it.each(tables.filter((row) => row.expect === 'read' && !SFDISK_DECIDES.has(row.name)))(
    '$name: the same partitions as the kernel finds',
    async (row) => {
      const table = await scan(row);
      expect(numbered(table.volumes.filter((volume) => volume.problem === null))).toEqual(kernelScan(row));
    },
  );

  it.each(
    tables.filter(
      (row) =>
        (['gpt', 'dos'].includes(sfdisk(row)?.label ?? '') &&
          !/cut|broken$|hugecount|protective|bootflag|none|vbr|beyond|loop/.test(row.name)) ||
        SFDISK_DECIDES.has(row.name),
    ),
  )('$name: types, UUIDs, names and boot flags are those of sfdisk', async (row) => {
    const seen = sfdisk(row);
    if (seen === null) throw new Error('no sfdisk.json');
    const table = await scan(row);
    expect(table.table).toBe(seen.label === 'dos' ? 'mbr' : 'gpt');
    expect(table.sectorSize).toBe(seen.sectorsize);
    const gpt = seen.label === 'gpt';
    const expected = seen.partitions.map((p) => {
      const number = Number.parseInt(/p(\d+)$/.exec(p.node)?.[1] ?? '', 10);
      return {
        name: `${gpt ? 'gpt' : 'msdos'}${number}`,
        start: p.start * seen.sectorsize,
        type: gpt ? p.type.toLowerCase() : `0x${p.type.padStart(2, '0')}`,
        uuid: gpt ? p.uuid?.toLowerCase() : `${seen.id.slice(2)}-${number.toString(16).padStart(2, '0')}`,
        label: p.name ?? null,
        active: gpt ? (p.attrs ?? '').includes('LegacyBIOSBootable') : p.bootable === true,
      };
    });
    const ours = table.volumes.filter((volume) => !volume.name.includes(','));
    expect(ours.map(({ name, start, type, uuid, label, active }) => ({ name, start, type, uuid, label, active }))).toEqual(expected);
    const usable = ours.filter((volume) => volume.problem === null && !['0x05', '0x0f', '0x85'].includes(volume.type ?? ''));
    for (const volume of usable) {
      const claimed = seen.partitions.find((p) => p.start * seen.sectorsize === volume.start);
      expect(volume.size).toBe((claimed?.size ?? 0) * seen.sectorsize);
    }
  });

  const special = async (name: string): Promise<VolumeTable> => {
    const row = rows.find((candidate) => candidate.name === name);
    if (row === undefined) throw new Error(`no row ${name}`);
    return scan(row);
  };

  it('goes on without a damaged backup GPT, and says so', async () => {
    const table = await special('open-pt-gpt-backup-broken');
    expect(names(table)).toEqual(['gpt1', 'gpt2', 'gpt3']);
    expect(codes(table)).toEqual(['gpt.backup-damaged']);
  });

  it('uses the backup GPT when the primary is damaged, and says why', async () => {
    for (const [name, code] of [
      ['open-pt-gpt-primary-broken', 'gpt.header-signature'],
      ['open-pt-gpt-hdrcrc', 'gpt.header-checksum'],
      ['open-pt-gpt-entries-broken', 'gpt.entries-checksum'],
    ] as const) {
      const table = await special(name);
      expect(codes(table), name).toEqual([code, 'gpt.backup-used']);
    }
  });

  it('offers the disk itself when no copy of the GPT is left, and names what was tried', async () => {
    for (const name of ['open-pt-gpt-both-broken', 'open-pt-mbr-protective-only', 'open-pt-gpt-hugecount']) {
      const table = await special(name);
      expect(names(table)).toEqual(['whole']);
      expect(codes(table)[0]).toBe('gpt.unusable');
      expect(table.warnings.length).toBeGreaterThan(1);
    }
    expect(codes(await special('open-pt-gpt-hugecount'))).toContain('limit.partitionTableSize');
  });

  it('lists the partitions of a disk that was cut off, with a problem where one reaches past the end', async () => {
    const table = await special('open-pt-gpt-cut');
    expect(table.volumes.map((v) => [v.name, v.problem?.code ?? null])).toEqual([
      ['gpt1', null],
      ['gpt2', null],
      ['gpt3', null],
    ]);
    expect(codes(table)).toEqual(['gpt.backup-damaged']);
  });

  it('cuts MBR partitions at the end of the disk as the kernel does', async () => {
    const table = await special('open-pt-mbr-beyond');
    expect(table.volumes.map((v) => [v.name, v.start, v.size, v.problem?.code ?? null])).toEqual([
      ['msdos1', 1048576, 1048576, null],
      ['msdos2', 15360000, 1417216, 'mbr.partition-cut'],
      ['msdos3', 2048000000, 0, 'mbr.partition-outside'],
      ['msdos4', 0, 25600, null],
    ]);
  });

  it('takes a sector with odd boot indicators for boot code, as Linux and GRUB do', async () => {
    const table = await special('open-pt-mbr-bootflag');
    expect([table.table, names(table)]).toEqual([null, ['whole']]);
  });

  it('ends a chain of logical partitions that runs in a circle', async () => {
    const table = await special('open-pt-mbr-ebr-loop');
    expect(names(table)).toEqual(['msdos1', 'msdos2', 'msdos5', 'msdos6']);
    expect(codes(table)).toEqual(['mbr.extended-loop']);
  });

  it('names nested labels as GRUB does', async () => {
    expect(names(await special('open-pt-mbr-bsd'))).toEqual(['msdos1', 'msdos2', 'msdos1,bsd1', 'msdos1,bsd2', 'msdos1,bsd5']);
    expect(names(await special('open-pt-mbr-solaris'))).toEqual([
      'msdos1',
      'msdos1,sunpc1',
      'msdos1,sunpc2',
      'msdos1,sunpc3',
      'msdos1,sunpc8',
    ]);
  });

  it('takes the disc for the one filesystem of a hybrid ISO image', async () => {
    const row = rows.find((candidate) => candidate.name === 'open-iso-hybrid');
    const path = unpack(peerPath('filesystems', row?.file ?? ''));
    const guest = await Guest.open([{ path, source: HostFileSource.open(path) }]);
    expect((await guest.onlyFilesystem()).name).toBe('whole');
    await guest.close();
  });

  it('offers a hybrid ISO image as a whole and by its partitions', async () => {
    const row = rows.find((candidate) => candidate.name === 'open-iso-hybrid');
    if (row === undefined) throw new Error('no row');
    const table = await scan(row);
    expect(names(table)).toEqual(['whole', 'gpt1', 'gpt2', 'gpt3']);
    expect(numbered(table.volumes)).toEqual(kernelScan({ ...row, manifests: ['manifests/open-iso-hybrid.parts.tsv'] }));
  });

  const wholes = rows
    .filter((row) => !/^open-pt-mbr-ext-/.test(row.name))
    .filter((row) => ['iso', 'iso9660', 'vfat', 'ext', 'ext2', 'ext3', 'ext4', 'xfs', 'btrfs', 'fat'].includes(row.type));
  it.each(wholes)('$name: a filesystem on the whole disk is offered whole', async (row) => {
    const path = peerPath('filesystems', row.file);
    expect(existsSync(path)).toBe(true);
    expect(names(await scan(row))[0]).toBe('whole');
  });
});
