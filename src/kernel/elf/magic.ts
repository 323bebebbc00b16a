/** What an ELF program begins with. */
import { startsWith } from '../compression.js';

/** `EI_MAG`: DEL, then `ELF`. */
const ELF_MAGIC = [0x7f, 0x45, 0x4c, 0x46];
/** Bytes of `e_ident`. */
const EI_NIDENT = 16;

/** True when the bytes begin like an ELF program. */
export function isElf(head: Uint8Array): boolean {
  return head.length >= EI_NIDENT && startsWith(head, ELF_MAGIC);
}
