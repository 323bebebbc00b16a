/** The real-mode kernel header of x86 Linux (Documentation/arch/x86/boot.rst), by its field names. */
import { ascii, layout, u8, u16, u32, u64OrNone } from '../../bytes/layout.js';

export const SETUP_HEADER = layout('Linux setup header', 0x268, 'little', {
  setup_sects: [0x1f1, u8],
  boot_flag: [0x1fe, u16],
  header: [0x202, ascii(4)],
  version: [0x206, u16],
  kernel_version: [0x20e, u16],
  loadflags: [0x211, u8],
  code32_start: [0x214, u32],
  cmd_line_ptr: [0x228, u32],
  relocatable_kernel: [0x234, u8],
  xloadflags: [0x236, u16],
  cmdline_size: [0x238, u32],
  payload_offset: [0x248, u32],
  payload_length: [0x24c, u32],
  pref_address: [0x258, u64OrNone],
  init_size: [0x260, u32],
});

export const HDRS = 'HdrS';
export const BOOT_FLAG = 0xaa55;
/** The header's fields count from here for `kernel_version`. */
export const VERSION_BASE = 0x200;
export const SECTOR = 512;

/** Protocol versions from which on fields are there. */
export const PROTOCOL = { payload: 0x0208, xloadflags: 0x020c } as const;
/** XLF_KERNEL_64: the kernel has a 64-bit entry. */
export const XLF_KERNEL_64 = 0x0001;

/** What is appended to every compressed payload but gzip's (which ends with the same number by itself). */
export const SIZE_TRAILER = layout('payload size', 4, 'little', { size: [0, u32] });
