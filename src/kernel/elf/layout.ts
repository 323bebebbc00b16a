/** ELF structures of both classes, by the names of the System V ABI ("Object Files"). Little-endian: all that Xen loads. */
import { flags64, layout, u8, u16, u32, u64OrNone } from '../../bytes/layout.js';

/** e_ident. */
export const ELF_IDENT = layout('ELF identification', 16, 'little', {
  EI_CLASS: [4, u8],
  EI_DATA: [5, u8],
  EI_VERSION: [6, u8],
  EI_OSABI: [7, u8],
});
export const ELFCLASS32 = 1;
export const ELFCLASS64 = 2;
export const ELFDATA2LSB = 1;
export const ELFDATA2MSB = 2;

export const ELF32_HEADER = layout('ELF header', 52, 'little', {
  e_type: [16, u16],
  e_machine: [18, u16],
  e_entry: [24, u32],
  e_phoff: [28, u32],
  e_shoff: [32, u32],
  e_phentsize: [42, u16],
  e_phnum: [44, u16],
  e_shentsize: [46, u16],
  e_shnum: [48, u16],
  e_shstrndx: [50, u16],
});
export const ELF64_HEADER = layout('ELF header', 64, 'little', {
  e_type: [16, u16],
  e_machine: [18, u16],
  e_entry: [24, flags64],
  e_phoff: [32, u64OrNone],
  e_shoff: [40, u64OrNone],
  e_phentsize: [54, u16],
  e_phnum: [56, u16],
  e_shentsize: [58, u16],
  e_shnum: [60, u16],
  e_shstrndx: [62, u16],
});

export const ELF32_PROGRAM_HEADER = layout('ELF program header', 32, 'little', {
  p_type: [0, u32],
  p_offset: [4, u32],
  p_vaddr: [8, u32],
  p_paddr: [12, u32],
  p_filesz: [16, u32],
  p_memsz: [20, u32],
  p_flags: [24, u32],
});
export const ELF64_PROGRAM_HEADER = layout('ELF program header', 56, 'little', {
  p_type: [0, u32],
  p_flags: [4, u32],
  p_offset: [8, u64OrNone],
  p_vaddr: [16, flags64],
  p_paddr: [24, flags64],
  p_filesz: [32, u64OrNone],
  p_memsz: [40, flags64],
});
export const PT_LOAD = 1;
export const PT_NOTE = 4;
/** PF_R, PF_W or PF_X: what Xen loads. */
export const PF_ANY = 7;

export const ELF32_SECTION_HEADER = layout('ELF section header', 40, 'little', {
  sh_name: [0, u32],
  sh_type: [4, u32],
  sh_offset: [16, u32],
  sh_size: [20, u32],
});
export const ELF64_SECTION_HEADER = layout('ELF section header', 64, 'little', {
  sh_name: [0, u32],
  sh_type: [4, u32],
  sh_offset: [24, u64OrNone],
  sh_size: [32, u64OrNone],
});
export const SHT_NOTE = 7;

/** What stands before the name and the descriptor of a note; both are padded to 4 bytes. */
export const ELF_NOTE = layout('ELF note', 12, 'little', {
  n_namesz: [0, u32],
  n_descsz: [4, u32],
  n_type: [8, u32],
});

/** Machines that kernels come for, as `uname -m` calls them (x86_32 as Xen does). */
export const ELF_MACHINES: ReadonlyMap<number, string> = new Map([
  [3, 'x86_32'],
  [62, 'x86_64'],
  [40, 'arm'],
  [183, 'arm64'],
  [243, 'riscv'],
  [20, 'ppc'],
  [21, 'ppc64'],
  [22, 's390x'],
  [258, 'loongarch64'],
]);
export const EM_386 = 3;
export const EM_X86_64 = 62;
