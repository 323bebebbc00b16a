import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { provideNodeCodecs } from '../../src/codec/node-codecs.js';
import { openContainer } from '../../src/disk/index.js';
import { BlockState, MiB } from '../../src/disk/vhdx/layout.js';
import { TygrubError } from '../../src/errors.js';
import { BlockCache } from '../../src/source/block-cache.js';
import { CountingSource } from '../../src/source/counting.js';
import { MemorySource } from '../../src/source/memory.js';
import { damage, mutations, Random, seed } from '../support/mutation.js';
import { temporaryFolder } from '../support/program.js';
import { skip } from '../support/requirements.js';
import { qemu, qemuImg, sampleDisk } from './qemu.js';
import { pattern } from './vhd/encoder.js';
import { containerOptions } from './vhd/memory.js';
import { guidText, makeVhdx, stamp } from './vhdx/encoder.js';

provideNodeCodecs();

interface Sample {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Where damage is worth while. */
  readonly regions: readonly { start: number; length: number }[];
  readonly files?: Readonly<Record<string, Uint8Array>>;
  /** Makes checksums right again, so that damage gets past them. */
  readonly mend?: (bytes: Uint8Array) => void;
}

const CASES = 20_000;
const STEP = 4096;
/** Bytes of each disk that are read after each damage: its start and its end. */
const SAMPLE = 8 * STEP;
/** A read of STEP bytes costs a few tables of at most a cluster or a grain each. */
const READ_AT_MOST = 64 * MiB;

async function exercise(sample: Sample, bytes: Uint8Array, step: number): Promise<number> {
  const counting = new CountingSource(new MemorySource(bytes));
  const options = containerOptions({ files: sample.files ?? {}, path: sample.name, allowRawParent: step % 2 === 0 });
  const { disk, close } = await openContainer(new BlockCache(counting), options);
  try {
    const { size } = disk;
    for (const start of [0, Math.max(0, Math.floor(size / STEP) * STEP - SAMPLE)]) {
      for (let at = start; at < Math.min(size, start + SAMPLE); at += STEP) {
        try {
          await disk.read(at, Math.min(STEP, size - at));
        } catch (error) {
          if (!(error instanceof TygrubError)) throw error;
        }
      }
    }
  } finally {
    await close?.();
  }
  return counting.bytesRead;
}

describe.skipIf(skip('damaged qcow2, VMDK and VHDX images', qemu))('damaged qcow2, VMDK and VHDX images', () => {
  it(`give an answer or a TygrubError, within their bounds, ${CASES} times`, async () => {
    const samples = qemu === null ? makeSamples() : [];
    const random = new Random(seed());
    const count = mutations(CASES);
    let opened = 0;
    for (let step = 0; step < count; step++) {
      const sample = samples[step % samples.length] as Sample;
      const { bytes } = sample;
      const change = damage(bytes, random, sample.regions);
      const old = sample.mend === undefined || step % 4 === 0 ? null : bytes.slice(0, 320 * 1024);
      if (old !== null) sample.mend?.(bytes);
      try {
        const read = await exercise(sample, bytes, step);
        opened++;
        if (read > READ_AT_MOST) throw new Error(`${read} bytes were read`);
      } catch (error) {
        if (!(error instanceof TygrubError)) {
          throw new Error(`TYGRUB_SEED=${seed()}, step ${step}, ${sample.name}: ${change.description}`, { cause: error });
        }
      }
      if (old !== null) bytes.set(old);
      change.undo();
      if (old !== null) sample.mend?.(bytes);
    }
    expect(opened).toBeGreaterThan(count / 20);
  });
});

function makeSamples(): Sample[] {
  const folder = temporaryFolder();
  const raw = join(folder, 'source.raw');
  writeFileSync(raw, sampleDisk(256 * 1024));
  let n = 0;
  const convert = (format: string, options: string, ...args: string[]): Uint8Array => {
    const path = join(folder, `${n++}.img`);
    qemuImg('convert', '-f', 'raw', '-O', format, ...args, ...(options === '' ? [] : ['-o', options]), raw, path);
    return new Uint8Array(readFileSync(path));
  };
  const whole = (name: string, bytes: Uint8Array): Sample => ({
    name,
    bytes,
    regions: [
      { start: 0, length: Math.min(bytes.length, 4096) },
      { start: 0, length: bytes.length },
    ],
  });
  const qcow2 = (name: string, bytes: Uint8Array, cluster: number): Sample => ({
    name,
    bytes,
    regions: [0, 0, 3, 4, 5]
      .map((index) => ({ start: index * cluster, length: Math.min(cluster, 512) }))
      .concat({ start: 0, length: bytes.length })
      .filter(({ start, length }) => start + length <= bytes.length),
  });
  const block = { state: BlockState.present, data: pattern(MiB) };
  const base = makeVhdx({ size: 2 * MiB, id: 1, blocks: new Map([[0, block]]) });
  const leaf = makeVhdx({
    size: 2 * MiB,
    id: 2,
    parent: { parent_linkage: guidText(1), relative_path: 'base.vhdx' },
    blocks: new Map([[1, { state: BlockState.partiallyPresent, data: pattern(MiB), present: (sector) => sector % 2 === 0 }]]),
  });
  const vhdxRegions = [64, 128, 192, 256, 2048, 2048 + 64, 3072].map((kib) => ({ start: kib * 1024, length: 256 }));
  return [
    qcow2('v2.qcow2', convert('qcow2', 'compat=0.10,cluster_size=4k'), 4096),
    qcow2('v3.qcow2', convert('qcow2', 'cluster_size=4k'), 4096),
    qcow2('packed.qcow2', convert('qcow2', 'cluster_size=4k', '-c'), 4096),
    qcow2('zstd.qcow2', convert('qcow2', 'cluster_size=64k,compression_type=zstd', '-c'), 65536),
    qcow2('sub.qcow2', convert('qcow2', 'cluster_size=16k,extended_l2=on'), 16384),
    whole('sparse.vmdk', convert('vmdk', 'subformat=monolithicSparse')),
    whole('stream.vmdk', convert('vmdk', 'subformat=streamOptimized')),
    { name: 'base.vhdx', bytes: base, regions: vhdxRegions, mend: stamp },
    { name: 'leaf.vhdx', bytes: leaf, regions: vhdxRegions, files: { 'base.vhdx': base.slice() }, mend: stamp },
  ];
}
