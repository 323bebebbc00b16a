/** Headers of kernels that are no bzImage and no ELF. */
import { ascii, layout, u32, u64OrNone } from '../../bytes/layout.js';

/** Documentation/arch/arm64/booting.rst; riscv's boot-image-header.rst has the same places. */
export const ARM64_IMAGE = layout('arm64 Image header', 64, 'little', {
  text_offset: [8, u64OrNone],
  image_size: [16, u64OrNone],
  flags: [24, u64OrNone],
  magic: [56, ascii(4)],
});
export const ARM64_MAGIC = 'ARM\x64';
export const RISCV_MAGIC = 'RSC\x05';

/** arch/arm/boot/compressed/head.S. */
export const ARM_ZIMAGE = layout('ARM zImage header', 48, 'little', { magic: [0x24, u32], start: [0x28, u32], end: [0x2c, u32] });
export const ARM_ZIMAGE_MAGIC = 0x016f2818;

/** drivers/firmware/efi/libstub/zboot-header.S. */
export const EFI_ZBOOT = layout('EFI zboot header', 64, 'little', {
  mz: [0, ascii(2)],
  type: [4, ascii(4)],
  payload_offset: [8, u32],
  payload_size: [12, u32],
  compression: [24, ascii(32)],
});
export const EFI_ZBOOT_TYPE = 'zimg';

/** Multiboot Specification 0.6.96, 3.1; the three add up to 0. */
export const MULTIBOOT1 = layout('multiboot header', 12, 'little', { magic: [0, u32], flags: [4, u32], checksum: [8, u32] });
export const MULTIBOOT1_MAGIC = 0x1badb002;
export const MULTIBOOT1_SEARCH = 8192;
export const MULTIBOOT1_ALIGN = 4;
/** Multiboot2 Specification 2.0, 3.1; the four add up to 0. */
export const MULTIBOOT2 = layout('multiboot2 header', 16, 'little', {
  magic: [0, u32],
  architecture: [4, u32],
  header_length: [8, u32],
  checksum: [12, u32],
});
export const MULTIBOOT2_MAGIC = 0xe85250d6;
export const MULTIBOOT2_SEARCH = 32_768;
export const MULTIBOOT2_ALIGN = 8;
