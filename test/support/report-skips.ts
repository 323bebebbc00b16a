/** Says at the start what the run has to compare with, so that a green run cannot hide what it left out. */
import { loopMount, peerData, tool } from './requirements.js';

export default function setup(): void {
  const rows: [string, string | null][] = [
    ['peer data', peerData()],
    ['loop mounts', loopMount()],
    ['qemu-img', tool('qemu-img', 'apt-get install qemu-utils')],
    ['mke2fs', tool('mke2fs', 'apt-get install e2fsprogs')],
    ['grub-emu', tool('grub-emu', 'apt-get install grub-emu')],
    ['zstd', tool('zstd', 'apt-get install zstd')],
  ];
  for (const [what, missing] of rows) process.stderr.write(`${what}: ${missing ?? 'there'}\n`);
}
