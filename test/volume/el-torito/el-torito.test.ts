import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { openFileSystem } from '../../../fs-readers/index.js';
import { DEFAULT_LIMITS } from '../../../src/limits.js';
import { CountingSource } from '../../../src/source/counting.js';
import { HostFileSource } from '../../../src/source/host-file.js';
import { MemorySource } from '../../../src/source/memory.js';
import { efiImages, readBootCatalog } from '../../../src/volume/el-torito/index.js';
import {
  BOOT_ENTRY,
  BOOT_RECORD,
  BOOT_RECORD_SECTOR,
  SECTION_HEADER,
  SECTOR,
  VALIDATION_ENTRY,
} from '../../../src/volume/el-torito/layout.js';
import { scanVolumes } from '../../../src/volume/index.js';
import { damage, mutations, Random, seed } from '../../support/mutation.js';
import { peerData, peerPath, skip, tool } from '../../support/requirements.js';
import { unpack } from '../../support/unpack.js';

const CATALOG = 19;

function disc(sectorCount: number, start = 20): Uint8Array {
  const bytes = new Uint8Array(24 * SECTOR);
  const id = 'CD001';
  bytes.set(
    Uint8Array.from(`\x01${id}`, (c) => c.charCodeAt(0)),
    16 * SECTOR,
  );
  BOOT_RECORD.encode(
    bytes,
    { boot_record_indicator: 0, iso_9660_identifier: id, boot_system_identifier: 'EL TORITO SPECIFICATION', boot_catalog: CATALOG },
    BOOT_RECORD_SECTOR * SECTOR,
  );
  const at = CATALOG * SECTOR;
  VALIDATION_ENTRY.encode(bytes, { header_id: 1, platform_id: 0, key: Uint8Array.of(0x55, 0xaa) }, at);
  BOOT_ENTRY.encode(bytes, { boot_indicator: 0x88, boot_media_type: 0, sector_count: 4, load_rba: 22 }, at + 32);
  SECTION_HEADER.encode(bytes, { header_indicator: 0x91, platform_id: 0xef, number_of_entries: 1 }, at + 64);
  BOOT_ENTRY.encode(bytes, { boot_indicator: 0x88, boot_media_type: 0, sector_count: sectorCount, load_rba: start }, at + 96);
  return bytes;
}

describe('El Torito', () => {
  it('gives EFI images as volumes of the size that the catalog tells, and of the rest of the disc where it tells none', async () => {
    const table = await scanVolumes(new MemorySource(disc(4)), DEFAULT_LIMITS);
    expect(table.volumes.map(({ name, start, size }) => [name, start, size])).toEqual([
      ['whole', 0, 24 * SECTOR],
      ['eltorito1', 20 * SECTOR, 2048],
    ]);
    for (const count of [0, 1, 0xffff]) {
      const [image] = (await efiImages(new MemorySource(disc(count)), DEFAULT_LIMITS, [])).volumes;
      expect(image?.size).toBe(4 * SECTOR);
    }
  });

  it('tells of all images of the catalog', async () => {
    const images = await readBootCatalog(new MemorySource(disc(4)), DEFAULT_LIMITS);
    expect(images.map(({ platform, start, size }) => [platform, start, size])).toEqual([
      [0, 22 * SECTOR, 2048],
      [0xef, 20 * SECTOR, 2048],
    ]);
  });

  it('warns of images and catalogs that are not on the disc', async () => {
    const image = await scanVolumes(new MemorySource(disc(4, 0xffffffff)), DEFAULT_LIMITS);
    expect([image.volumes.length, image.warnings.map((warning) => warning.code)]).toEqual([1, ['el-torito.catalog']]);
    const bytes = disc(4);
    BOOT_RECORD.encode(bytes, { boot_catalog: 0xffffffff }, BOOT_RECORD_SECTOR * SECTOR);
    const catalog = await scanVolumes(new MemorySource(bytes), DEFAULT_LIMITS);
    expect([catalog.volumes.length, catalog.warnings.map((warning) => warning.code)]).toEqual([1, ['el-torito.catalog']]);
  });

  it('damaged gives volumes or warnings, and never an error', () => {
    const bytes = disc(4);
    const random = new Random(seed());
    const regions = [
      { start: BOOT_RECORD_SECTOR * SECTOR, length: 80 },
      { start: CATALOG * SECTOR, length: 160 },
    ];
    return (async () => {
      for (let i = 0; i < mutations(20_000); i++) {
        const change = damage(bytes, random, regions);
        const source = new CountingSource(new MemorySource(bytes));
        try {
          const { volumes } = await efiImages(source, DEFAULT_LIMITS, []);
          expect(volumes.length).toBeLessThan(70);
          expect(source.bytesRead).toBeLessThanOrEqual(2 * SECTOR);
        } catch (error) {
          throw new Error(`seed ${seed()}, damage ${i}: ${change.description}`, { cause: error });
        } finally {
          change.undo();
        }
      }
    })();
  });
});

const missing = skip('discs with EFI boot images', peerData(), tool('xorriso', 'apt-get install xorriso'));

describe.skipIf(missing)('A disc with an EFI boot image', () => {
  it('has it where xorriso finds it, with a FAT filesystem in it', async () => {
    const path = unpack(peerPath('filesystems', 'images', 'open-iso-eltorito.img.gz'));
    const report = spawnSync('xorriso', ['-indev', path, '-report_el_torito', 'plain'], { encoding: 'utf8' }).stdout;
    const line = report.split('\n').find((row) => row.startsWith('El Torito boot img') && row.includes('UEFI')) ?? '';
    const block = Number(line.trim().split(/\s+/).pop());
    const source = HostFileSource.open(path);
    try {
      const { volumes } = await scanVolumes(source, DEFAULT_LIMITS);
      const image = volumes.find((volume) => volume.name === 'eltorito1');
      expect([image?.start, image?.size]).toEqual([block * SECTOR, 4 * 1024 * 1024]);
      const fs = await openFileSystem(image?.source ?? source, {
        limits: DEFAULT_LIMITS,
        noJournal: false,
        ignoreChecksums: false,
        otherVolumes: async () => [],
      });
      expect(fs?.type).toBe('vfat');
      const efi = await (await fs?.root())?.lookup(new TextEncoder().encode('efi'));
      expect(efi?.type).toBe('d');
    } finally {
      await source.close();
    }
  });

  it('that is a partition too has it once', async () => {
    const source = HostFileSource.open(unpack(peerPath('filesystems', 'images', 'open-iso-hybrid.img.gz')));
    try {
      const { volumes } = await scanVolumes(source, DEFAULT_LIMITS);
      expect(volumes.map((volume) => volume.name)).toContain('whole');
      const starts = volumes.map((volume) => volume.start);
      expect(
        volumes.filter((volume) => volume.name.startsWith('eltorito')).every((v) => starts.filter((s) => s === v.start).length === 1),
      ).toBe(true);
    } finally {
      await source.close();
    }
  });
});
