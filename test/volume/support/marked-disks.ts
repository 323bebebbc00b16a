/** Guests in memory whose disks tell, sector by sector, where they were read from. */
import { Guest } from '../../../src/guest/guest.js';
import { MemorySource } from '../../../src/source/memory.js';
import type { Volume } from '../../../src/volume/index.js';
import { PE_START } from './managed.js';

export const EXTENT = 4096;
export const SIZE = 256 * 1024;

/** A disk whose 512-byte sectors tell which disk and sector they are. */
export function marked(disk: number, size = SIZE): Uint8Array {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < size; at += 512) {
    view.setUint32(at + 256, disk, true);
    view.setUint32(at + 260, at / 512, true);
  }
  return bytes;
}

export async function mark(volume: Volume, sector: number): Promise<string> {
  const bytes = await volume.source.read(sector * 512, 512);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return `${view.getUint32(256, true)}:${view.getUint32(260, true)}`;
}

export async function open(...disks: Uint8Array[]): Promise<Guest> {
  return Guest.open(disks.map((bytes, n) => ({ path: `disk${n}`, source: new MemorySource(bytes) })));
}

export async function volumeOf(guest: Guest, name: string): Promise<Volume> {
  return (await guest.volume(name)).volume;
}

export const first = PE_START / 512;
