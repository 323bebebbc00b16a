/** PE/COFF headers, by the names of Microsoft's "PE Format" specification. Integers are little-endian. */
import { ascii, layout, u16, u32 } from '../../bytes/layout.js';

/** The MS-DOS header: its first and its last field. */
export const DOS_HEADER = layout('MS-DOS header', 64, 'little', {
  e_magic: [0, ascii(2)],
  e_lfanew: [60, u32],
});

/** "COFF File Header", with the signature before it. */
export const COFF_HEADER = layout('PE header', 24, 'little', {
  Signature: [0, ascii(4)],
  Machine: [4, u16],
  NumberOfSections: [6, u16],
  TimeDateStamp: [8, u32],
  PointerToSymbolTable: [12, u32],
  NumberOfSymbols: [16, u32],
  SizeOfOptionalHeader: [20, u16],
  Characteristics: [22, u16],
});

/** "Section Table (Section Headers)". */
export const SECTION_HEADER = layout('PE section header', 40, 'little', {
  Name: [0, ascii(8)],
  VirtualSize: [8, u32],
  VirtualAddress: [12, u32],
  SizeOfRawData: [16, u32],
  PointerToRawData: [20, u32],
  PointerToRelocations: [24, u32],
  PointerToLinenumbers: [28, u32],
  NumberOfRelocations: [32, u16],
  NumberOfLinenumbers: [34, u16],
  Characteristics: [36, u32],
});

export const DOS_MAGIC = 'MZ';
export const PE_SIGNATURE = 'PE\0\0';

/** "Machine Types", as the boot loader specification names architectures. */
export const MACHINES: ReadonlyMap<number, string> = new Map([
  [0x014c, 'ia32'],
  [0x8664, 'x64'],
  [0x01c2, 'arm'],
  [0x01c4, 'arm'],
  [0xaa64, 'aa64'],
  [0x5032, 'riscv32'],
  [0x5064, 'riscv64'],
  [0x6264, 'loongarch64'],
]);
