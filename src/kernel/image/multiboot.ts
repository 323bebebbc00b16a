/** Multiboot headers, which lie somewhere in the first bytes of a program. */
import {
  MULTIBOOT1,
  MULTIBOOT1_ALIGN,
  MULTIBOOT1_MAGIC,
  MULTIBOOT1_SEARCH,
  MULTIBOOT2,
  MULTIBOOT2_ALIGN,
  MULTIBOOT2_MAGIC,
  MULTIBOOT2_SEARCH,
} from './layout.js';

/** Bytes in which headers may lie. */
export const MULTIBOOT_SEARCH = MULTIBOOT2_SEARCH;

/** Versions of multiboot that the program has a header for. @param head its first `MULTIBOOT_SEARCH` bytes */
export function multibootVersions(head: Uint8Array): (1 | 2)[] {
  const found: (1 | 2)[] = [];
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  for (let at = 0; at + MULTIBOOT1.size <= Math.min(head.length, MULTIBOOT1_SEARCH); at += MULTIBOOT1_ALIGN) {
    if (view.getUint32(at, true) !== MULTIBOOT1_MAGIC) continue;
    const { magic, flags, checksum } = MULTIBOOT1.decode(head, at);
    if ((magic + flags + checksum) % 2 ** 32 !== 0) continue;
    found.push(1);
    break;
  }
  for (let at = 0; at + MULTIBOOT2.size <= Math.min(head.length, MULTIBOOT2_SEARCH); at += MULTIBOOT2_ALIGN) {
    if (view.getUint32(at, true) !== MULTIBOOT2_MAGIC) continue;
    const { magic, architecture, header_length, checksum } = MULTIBOOT2.decode(head, at);
    if ((magic + architecture + header_length + checksum) % 2 ** 32 !== 0) continue;
    found.push(2);
    break;
  }
  return found;
}
