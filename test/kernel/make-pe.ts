/** Small EFI programs: a PE with sections, and a zboot program. */
import { EFI_ZBOOT } from '../../src/kernel/image/layout.js';

/** A PE program for x86-64 with these sections. */
export function makePe(sections: readonly (readonly [name: string, content: Uint8Array])[]): Uint8Array {
  const header = 64;
  const table = header + 24;
  let at = table + 40 * sections.length;
  const out = new Uint8Array(at + sections.reduce((sum, [, content]) => sum + content.length, 0));
  const view = new DataView(out.buffer);
  out.set(Buffer.from('MZ'));
  view.setUint32(60, header, true);
  out.set(Buffer.from('PE\0\0'), header);
  view.setUint16(header + 4, 0x8664, true);
  view.setUint16(header + 6, sections.length, true);
  sections.forEach(([name, content], i) => {
    const row = table + 40 * i;
    out.set(Buffer.from(name.slice(0, 8)), row);
    view.setUint32(row + 8, content.length, true);
    view.setUint32(row + 16, content.length, true);
    view.setUint32(row + 20, at, true);
    out.set(content, at);
    at += content.length;
  });
  return out;
}

/** A program that unpacks itself under EFI. @param compression as the build names it: `gzip`, `zstd22`, `xzkern` */
export function makeZboot(payload: Uint8Array, compression: string): Uint8Array {
  const out = new Uint8Array(EFI_ZBOOT.size + payload.length);
  EFI_ZBOOT.encode(out, { mz: 'MZ', type: 'zimg', payload_offset: EFI_ZBOOT.size, payload_size: payload.length, compression });
  out.set(payload, EFI_ZBOOT.size);
  return out;
}
