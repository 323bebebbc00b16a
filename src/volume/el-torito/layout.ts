/** El Torito's structures, by the names of the "El Torito Bootable CD-ROM Format Specification" 1.0. */
import { ascii, bytes, layout, u8, u16, u32 } from '../../bytes/layout.js';

export const SECTOR = 2048;
/** The sector of the boot record volume descriptor (figure 7). */
export const BOOT_RECORD_SECTOR = 17;

/** The boot record volume descriptor: where the boot catalog is. */
export const BOOT_RECORD = layout('El Torito boot record', SECTOR, 'little', {
  boot_record_indicator: [0, u8],
  iso_9660_identifier: [1, ascii(5)],
  boot_system_identifier: [7, ascii(32)],
  boot_catalog: [71, u32],
});

export const ISO_9660_IDENTIFIER = 'CD001';
export const BOOT_SYSTEM_IDENTIFIER = 'EL TORITO SPECIFICATION';

/** Every entry of the catalog has 32 bytes; its first byte says what it is. */
export const ENTRY_SIZE = 32;

/** The first entry (figure 2): the words of it add up to 0. */
export const VALIDATION_ENTRY = layout('El Torito validation entry', ENTRY_SIZE, 'little', {
  header_id: [0, u8],
  platform_id: [1, u8],
  key: [30, bytes(2)],
});
export const VALIDATION_HEADER = 0x01;
export const KEY = [0x55, 0xaa] as const;

/** The initial entry (figure 3) and those of sections (figure 5). */
export const BOOT_ENTRY = layout('El Torito boot entry', ENTRY_SIZE, 'little', {
  boot_indicator: [0, u8],
  boot_media_type: [1, u8],
  sector_count: [6, u16],
  load_rba: [8, u32],
});
export const BOOTABLE = 0x88;
export const NOT_BOOTABLE = 0x00;
/** `boot_media_type`, low half: the image is no picture of a floppy or hard disk. Bit 5: an extension entry follows. */
export const MEDIA_TYPE = 0x0f;
export const NO_EMULATION = 0;
export const EXTENSION_FOLLOWS = 0x20;
/** `sector_count` is in sectors of 512 bytes, whatever the disc's are. */
export const VIRTUAL_SECTOR = 512;

/** Starts a section (figure 4): entries for one platform. */
export const SECTION_HEADER = layout('El Torito section header', ENTRY_SIZE, 'little', {
  header_indicator: [0, u8],
  platform_id: [1, u8],
  number_of_entries: [2, u16],
});
export const MORE_SECTIONS = 0x90;
export const LAST_SECTION = 0x91;
export const EXTENSION = 0x44;

/** `platform_id` of EFI (UEFI specification, 13.3.2.1). */
export const PLATFORM_EFI = 0xef;
