// The allocator in Bun (mimalloc) can ask Linux for huge pages, and does not unless the environment says MIMALLOC_ALLOW_THP=1. A start
// touches some 2,000 pages for the first time, which took a third of it where page faults are dear. The variable can be set from outside
// only, so the option's default, a word in the executable's data, is changed where it stands.
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

const OPTION = 'allow_thp';
/** `mi_option_desc_t`: the value, its state, the option's number, its name. */
const DESCRIPTION = { value: 0, state: 8, number: 12, name: 16 };
/** Nothing has set the option yet: the environment is asked, and what stands in `value` holds otherwise. */
const UNSET = 0;
/** ELF-64, little-endian (System V ABI): the header's fields and those of program headers that count here. */
const ELF = { magic: '\x7fELF', class64: 2, class: 4, programHeaders: 32, entries: 56, entrySize: 56, loaded: 1 };

/** The segments of an executable that are loaded. */
function segments(file) {
  if (file.latin1Slice(0, 4) !== ELF.magic || file[ELF.class] !== ELF.class64) throw new Error('it is no 64-bit ELF program');
  const start = Number(file.readBigUInt64LE(ELF.programHeaders));
  return Array.from({ length: file.readUInt16LE(ELF.entries) }, (_, i) => start + i * ELF.entrySize)
    .filter((at) => file.readUInt32LE(at) === ELF.loaded)
    .map((at) => ({
      offset: Number(file.readBigUInt64LE(at + 8)),
      address: Number(file.readBigUInt64LE(at + 16)),
      size: Number(file.readBigUInt64LE(at + 32)),
    }));
}

/** All places of some bytes. */
function* places(file, bytes) {
  for (let at = file.indexOf(bytes); at >= 0; at = file.indexOf(bytes, at + 1)) yield at;
}

/** Byte offsets in the file of all descriptions of the option that look like one. */
function descriptions(file) {
  const loaded = segments(file);
  const found = [];
  for (const before of places(file, Buffer.from(`\0${OPTION}\0`))) {
    const segment = loaded.find(({ offset, size }) => before + 1 >= offset && before + 1 < offset + size);
    if (segment === undefined) continue;
    const pointer = Buffer.alloc(8);
    pointer.writeBigUInt64LE(BigInt(segment.address + before + 1 - segment.offset));
    for (const at of places(file, pointer)) {
      const start = at - DESCRIPTION.name;
      const number = file.readUInt32LE(start + DESCRIPTION.number);
      if (file.readBigUInt64LE(start) <= 1n && file.readUInt32LE(start + DESCRIPTION.state) === UNSET && number < 256) found.push(start);
    }
  }
  return found;
}

/**
 * Makes huge pages the default of an executable.
 * @throws Error when the option is not found just once, or the executable does not say afterwards that it is on
 */
export function allowHugePages(path) {
  const found = descriptions(readFileSync(path));
  const [start] = found;
  if (start === undefined || found.length > 1) throw new Error(`the option ${OPTION} of its allocator was found ${found.length} times`);
  const value = Buffer.alloc(8);
  value.writeBigUInt64LE(1n);
  const file = openSync(path, 'r+');
  try {
    writeSync(file, value, 0, value.length, start + DESCRIPTION.value);
  } finally {
    closeSync(file);
  }
  const said = spawnSync(path, ['--version'], { env: { PATH: process.env.PATH, MIMALLOC_VERBOSE: '1' }, encoding: 'utf8' });
  if (said.status !== 0 || !/allow_thp'?: 1\b/.test(said.stderr)) throw new Error('its allocator does not use huge pages after the change');
}
