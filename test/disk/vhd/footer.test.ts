import { describe, expect, it } from 'vitest';
import { structureChecksum } from '../../../src/disk/vhd/checksum.js';
import { geometryOf, geometrySize } from '../../../src/disk/vhd/geometry.js';
import { checkVhd, vhdInfo } from '../../../src/disk/vhd/index.js';
import { BATMAP_HEADER, FOOTER } from '../../../src/disk/vhd/layout.js';
import { MemorySource } from '../../../src/source/memory.js';
import { makeFooter, makeVhd, pattern, type VhdPlan } from './encoder.js';
import { containerOptions, openBytes } from './memory.js';

const MiB = 1024 * 1024;
const data = pattern(16 * 1024);
const dynamic: VhdPlan = { type: 3, size: 16 * 1024, id: 'a', blocks: new Map([[1, { data: data.subarray(4096, 8192) }]]) };
const fixed: VhdPlan = { type: 2, size: 16 * 1024, id: 'f', data };

async function content(bytes: Uint8Array, path = 'leaf.vhd') {
  const { disk, warnings, format } = await openBytes(bytes, { path });
  return { format, bytes: await disk.read(0, disk.size), codes: warnings.map((warning) => warning.code) };
}

/** The disk that `dynamic` describes. */
const dynamicDisk = new Uint8Array(16 * 1024);
dynamicDisk.set(data.subarray(4096, 8192), 4096);

function withTail(bytes: Uint8Array, size: number, tail: Uint8Array | null): Uint8Array {
  const out = new Uint8Array(size);
  out.set(bytes.subarray(0, Math.min(bytes.length, size)));
  if (tail !== null) out.set(tail, size - tail.length);
  return out;
}

describe('the footer', () => {
  it('is believed without a warning where tail and copy agree', async () => {
    expect(await content(makeVhd(dynamic).bytes)).toEqual({ format: 'vhd', bytes: dynamicDisk, codes: [] });
    expect(await content(makeVhd(fixed).bytes)).toEqual({ format: 'vhd', bytes: data, codes: [] });
  });

  it('of a fixed disk is found by content, whatever the file is called', async () => {
    expect((await content(makeVhd(fixed).bytes, 'disk.img')).format).toBe('vhd');
  });

  it('may lack its last byte', async () => {
    for (const plan of [dynamic, fixed]) {
      const { bytes } = makeVhd(plan);
      const { codes, bytes: disk } = await content(bytes.subarray(0, bytes.length - 1));
      expect(disk).toEqual(plan === fixed ? data : dynamicDisk);
      expect(codes).toEqual(['vhd.footer-511']);
    }
  });

  it.each([
    ['zero', new Uint8Array(512), 'vhd.tail-missing'],
    ['killed', new Uint8Array(512).fill(0xc7), 'vhd.tail-killed'],
    ['damaged', makeFooter({ ...dynamic, footer: { checksum: 1 } }), 'vhd.tail-missing'],
    ['another disk of the volume', makeFooter({ type: 3, size: 512 * MiB, id: 'z' }), 'vhd.tail-stale'],
    ['an earlier fixed disk of the volume', makeFooter({ type: 2, size: 4096, id: 'z' }), 'vhd.tail-stale'],
  ])('is taken from offset 0 where the last sector is: %s', async (_what, tail, code) => {
    const { bytes, codes } = await content(withTail(makeVhd(dynamic).bytes, 64 * 1024, tail));
    expect(bytes).toEqual(dynamicDisk);
    expect(codes).toEqual([code]);
  });

  it('at the end wins over a copy of the same disk that differs', async () => {
    const made = makeVhd(dynamic);
    made.bytes.set(makeFooter({ ...dynamic, size: 8192 }), 0);
    const { bytes, codes } = await content(made.bytes);
    expect(bytes).toEqual(dynamicDisk);
    expect(codes).toEqual(['vhd.footers-differ']);
  });

  it('without a copy at offset 0 is used with a warning that names the command', async () => {
    const made = makeVhd(dynamic);
    made.bytes.fill(0, 0, 512);
    const { warnings } = await openBytes(made.bytes, { path: 'a disk.vhd' });
    expect(warnings).toMatchObject([{ code: 'vhd.no-copy', hint: "mend it with `tygrub vhd repair 'a disk.vhd' --write`" }]);
  });

  it('of a fixed disk that was copied into a larger volume is found behind the data', async () => {
    const { bytes, codes } = await content(withTail(makeVhd(fixed).bytes, 3 * MiB + 512, null));
    expect(bytes).toEqual(data);
    expect(codes).toEqual(['vhd.footer-stranded']);
  });

  it('of a fixed disk in a larger volume is found although an earlier, larger disk left its own at the end', async () => {
    const { bytes, codes } = await content(withTail(makeVhd(fixed).bytes, 2 * MiB, makeFooter({ type: 2, size: 512 * MiB, id: 'z' })));
    expect(bytes).toEqual(data);
    expect(codes).toEqual(['vhd.footer-stranded']);
  });

  it('behind the data is told from footers that are guest data', async () => {
    const nested = data.slice();
    nested.set(makeFooter({ type: 2, size: 2048, id: 'n' }), 2048);
    const { bytes } = await content(withTail(makeVhd({ ...fixed, data: nested }).bytes, 2 * MiB, null));
    expect(bytes).toEqual(nested);
  });

  it('of a dynamic disk without a copy is found behind the data', async () => {
    const made = makeVhd(dynamic);
    made.bytes.fill(0, 0, 512);
    const { bytes, codes } = await content(withTail(made.bytes, 2 * MiB, null));
    expect(bytes).toEqual(dynamicDisk);
    expect(codes).toEqual(['vhd.footer-stranded', 'vhd.no-copy']);
  });

  it('of an earlier disk at the end is not believed because it finds the header of this one', async () => {
    const stale = makeFooter({ type: 3, size: 512 * MiB, id: 'z' });
    const noCopy = makeVhd(dynamic);
    noCopy.bytes.fill(0, 0, 512);
    const found = await content(withTail(noCopy.bytes, 2 * MiB, stale));
    expect(found.bytes).toEqual(dynamicDisk);
    expect(found.codes).toEqual(['vhd.footer-stranded', 'vhd.no-copy']);
    // A stale footer whose size fits, and a copy that is damaged: nothing is certain any more.
    const damaged = makeVhd(dynamic);
    damaged.bytes[100] = 1;
    damaged.bytes.fill(0, damaged.footerOffset);
    const fitting = withTail(damaged.bytes, 2 * MiB, makeFooter({ type: 3, size: 8192, id: 'z' }));
    await expect(content(fitting)).rejects.toMatchObject({ code: 'vhd.footer-checksum' });
    const forced = await openBytes(fitting, { force: true });
    expect(await forced.disk.read(0, forced.disk.size)).toEqual(dynamicDisk);
  });

  it('is not searched for in a raw disk', async () => {
    expect((await content(withTail(makeVhd(fixed).bytes, 2 * MiB, null), 'disk.img')).format).toBe('raw');
  });

  it('of a differencing disk at the start of a fixed disk is guest data', async () => {
    const trap = makeVhd({ type: 4, size: 8192, id: 't', parent: { id: 'p', name: 'other.vhd' } });
    const guest = new Uint8Array(16 * 1024);
    guest.set(trap.bytes.subarray(0, 4096));
    const { bytes, codes } = await content(makeVhd({ ...fixed, data: guest }).bytes);
    expect(bytes).toEqual(guest);
    expect(codes).toEqual(['vhd.copy-foreign']);
  });

  it('of a fixed disk that was cut off gives what is there', async () => {
    const cut = withTail(makeVhd(fixed).bytes, 8192 + 512, makeFooter(fixed));
    const { disk, warnings } = await openBytes(cut);
    expect(warnings.map((warning) => warning.code)).toEqual(['vhd.truncated']);
    expect(await disk.read(0, 8192)).toEqual(data.subarray(0, 8192));
    await expect(disk.read(8000, 512)).rejects.toMatchObject({ code: 'vhd.truncated', kind: 'corrupt' });
  });

  it('with the legacy checksum of blktap 1.1 is right', async () => {
    const footer = { creatorApplication: 'tap\0', creatorVersion: 0x10001, hidden: 1 };
    const unhidden = makeFooter({ ...dynamic, footer: { ...footer, hidden: 0 } });
    const checksum = structureChecksum(FOOTER, unhidden);
    expect((await content(makeVhd({ ...dynamic, footer: { ...footer, checksum } }).bytes)).codes).toEqual([]);
    await expect(content(makeVhd({ ...dynamic, footer: { hidden: 1, checksum } }).bytes)).rejects.toMatchObject({
      code: 'vhd.footer-checksum',
    });
  });

  it.each([
    ['the poison of a journalled operation', { cookie: 'v_poison' }, 'vhd.poisoned'],
    ['a wrong checksum', { checksum: 7 }, 'vhd.footer-checksum'],
    ['another format version', { fileFormatVersion: 0x20000 }, 'vhd.version'],
    ['a deprecated disk type', { diskType: 5 }, 'vhd.disk-type'],
    ['an impossible size', { currentSize: null }, 'vhd.size'],
    ['a size above 2040 GiB', { currentSize: 2041 * 1024 ** 3 }, 'vhd.size'],
    ['a header outside the file', { dataOffset: 1 << 30 }, 'vhd.header-range'],
    ['a header in the middle of a sector', { dataOffset: 600 }, 'vhd.header-range'],
    ['a header that is not there', { dataOffset: 2048 }, 'vhd.header-cookie'],
    ['blktap 0.1', { creatorApplication: 'tap\0', creatorVersion: 1 }, 'vhd.tap-0.1'],
  ])('with %s is refused', async (_what, footer, code) => {
    await expect(content(makeVhd({ ...dynamic, footer }).bytes)).rejects.toMatchObject({ code });
  });

  it.each([
    ['null UUID', { uniqueId: new Uint8Array(16) }, 'vhd.null-uuid'],
    ['missing feature bit', { features: 0 }, 'vhd.features'],
    ['suspended VM', { savedState: 1 }, 'vhd.saved-state'],
    ['size that is no multiple of 512', { currentSize: 16 * 1024 + 5 }, 'vhd.size-sectors'],
  ])('warns of a %s', async (_what, footer, code) => {
    const { bytes, codes } = await content(makeVhd({ ...dynamic, footer }).bytes);
    expect(bytes).toEqual(dynamicDisk);
    expect(codes).toContain(code);
  });

  it('of a split disk is in its last part: that is said', async () => {
    const first = makeVhd(fixed).bytes.subarray(0, 8192);
    const files = { 'big.v01': new Uint8Array(8704) };
    await expect(openBytes(first, { files, path: 'big.vhd' })).rejects.toMatchObject({ kind: 'unsupported', code: 'vhd.split' });
    const sparse = makeVhd(dynamic).bytes.subarray(0, 4096);
    await expect(openBytes(sparse, { files, path: 'big.vhd' })).rejects.toMatchObject({ code: 'vhd.split' });
  });

  it('of an encrypted disk is refused, because no key is there', async () => {
    const made = makeVhd({ ...dynamic, tableOffset: 1536, headerOffset: 512 });
    const bytes = new Uint8Array(made.bytes.length + 512);
    // Room for a batmap header between the BAT and the block: everything behind the BAT moves by a sector.
    bytes.set(made.bytes.subarray(0, 2048));
    bytes.set(made.bytes.subarray(2048), 2560);
    const header = new Uint8Array(512);
    BATMAP_HEADER.encode(header, { cookie: 'tdbatmap', batmapOffset: 1 << 20, batmapSize: 1, batmapVersion: 0x10002, keyHashCookie: 1 });
    bytes.set(header, 2048);
    await expect(openBytes(bytes)).rejects.toMatchObject({ kind: 'unsupported', code: 'vhd.encrypted' });
    expect((await vhdInfo(new MemorySource(bytes), containerOptions())).batmap?.keyHash).toBe('00'.repeat(32));
    const how = { now: 2e9, volume: false, data: false, chain: false };
    const { findings } = await checkVhd(new MemorySource(bytes), containerOptions(), how);
    expect(findings.map(({ code }) => code)).toContain('disk.encrypted');
  });

  it('that is called a VHD but is nothing of the kind is an error', async () => {
    for (const size of [0, 100, 700, 100_000]) {
      await expect(content(new Uint8Array(size).fill(0x41))).rejects.toMatchObject({ kind: 'corrupt' });
    }
  });
});

describe('the dynamic header', () => {
  it.each([
    ['cookie', { cookie: 'cxSparse' }, 'vhd.header-cookie'],
    ['checksum', { checksum: 9 }, 'vhd.header-checksum'],
    ['version', { headerVersion: 0x20000 }, 'vhd.header-version'],
    ['block size of zero', { blockSize: 0 }, 'vhd.block-size'],
    ['block size that is no power of two', { blockSize: 3 * 512 }, 'vhd.block-size'],
    ['block size of 512 MiB', { blockSize: 512 * MiB }, 'vhd.block-size'],
    ['BAT past the end', { tableOffset: 1 << 30 }, 'vhd.table-range'],
    ['BAT at no offset', { tableOffset: null }, 'vhd.table-range'],
    ['BAT in the middle of a sector', { tableOffset: 1537 }, 'vhd.table-range'],
  ])('with a wrong %s is refused', async (_what, header, code) => {
    await expect(openBytes(makeVhd({ ...dynamic, header }).bytes)).rejects.toMatchObject({ code });
  });

  it('with a wrong checksum is read with --force', async () => {
    const { disk, warnings } = await openBytes(makeVhd({ ...dynamic, header: { checksum: 9 } }).bytes, { force: true });
    expect(await disk.read(0, disk.size)).toEqual(dynamicDisk);
    expect(warnings.map((warning) => warning.code)).toEqual(['vhd.header-checksum']);
  });
});

describe('the geometry', () => {
  it.each([
    [1 * MiB, '30/4/17'],
    [2 * MiB, '60/4/17'],
    [16 * MiB, '481/4/17'],
    [64 * MiB, '963/8/17'],
    [512 * MiB, '1040/16/63'],
    [1024 * MiB, '2080/16/63'],
    [32 * 1024 * MiB, '16448/16/255'],
    [2040 * 1024 * MiB, '65535/16/255'],
  ])('of %i bytes is as the specification computes it', (size, expected) => {
    const geometry = geometryOf(size);
    expect(`${geometry.cylinders}/${geometry.heads}/${geometry.sectorsPerTrack}`).toBe(expected);
    expect(geometrySize(geometry)).toBeLessThanOrEqual(size);
  });
});
