/** Unified kernel images for tests: small PE files with the sections that a test wants. */

import { COFF_HEADER, DOS_HEADER, SECTION_HEADER } from '../../../src/boot/uki/layout.js';
import { encodeUtf8 } from '../../../src/bytes/text.js';

/** Makes a PE image with sections in their order; the content is padded to the file alignment, as linkers do. */
export function makePe(sections: readonly (readonly [name: string, content: string | Uint8Array])[], machine = 0x8664): Uint8Array {
  const alignment = 512;
  const contents = sections.map(([name, content]) => ({ name, bytes: typeof content === 'string' ? encodeUtf8(content) : content }));
  const table = DOS_HEADER.size + COFF_HEADER.size;
  const pad = (n: number): number => Math.ceil(n / alignment) * alignment;
  let at = pad(table + contents.length * SECTION_HEADER.size);
  const size = contents.reduce((sum, { bytes }) => sum + pad(bytes.length), at);
  const out = new Uint8Array(size);
  DOS_HEADER.encode(out, { e_magic: 'MZ', e_lfanew: DOS_HEADER.size });
  COFF_HEADER.encode(out, { Signature: 'PE\0\0', Machine: machine, NumberOfSections: contents.length }, DOS_HEADER.size);
  for (const [i, { name, bytes }] of contents.entries()) {
    const header = { Name: name, VirtualSize: bytes.length, VirtualAddress: at, SizeOfRawData: pad(bytes.length), PointerToRawData: at };
    SECTION_HEADER.encode(out, header, table + i * SECTION_HEADER.size);
    out.set(bytes, at);
    at += pad(bytes.length);
  }
  return out;
}

/** An image with all usual sections. */
export function makeUki(about: { readonly id?: string; readonly version?: string; readonly cmdline?: string } = {}): Uint8Array {
  const { id = 'test', version = '1', cmdline = 'root=/dev/vda2 ro\n' } = about;
  return makePe([
    ['.text', 'code'],
    ['.osrel', `ID=${id}\nPRETTY_NAME="Test OS"\nVERSION_ID=${version}\n`],
    ['.uname', '6.1.0\n'],
    ['.cmdline', `${cmdline}\0`],
    ['.ucode', 'microcode'],
    ['.linux', 'the kernel'],
    ['.initrd', 'the initrd'],
  ]);
}
