/** Xen's ELF notes (xen/include/public/elfnote.h): the owner is "Xen", the type one of these. */

export const XEN_NOTE_OWNER = 'Xen';

export const XEN_NOTE = {
  INFO: 0,
  ENTRY: 1,
  HYPERCALL_PAGE: 2,
  VIRT_BASE: 3,
  PADDR_OFFSET: 4,
  XEN_VERSION: 5,
  GUEST_OS: 6,
  GUEST_VERSION: 7,
  LOADER: 8,
  PAE_MODE: 9,
  FEATURES: 10,
  BSD_SYMTAB: 11,
  HV_START_LOW: 12,
  L1_MFN_VALID: 13,
  SUSPEND_CANCEL: 14,
  INIT_P2M: 15,
  MOD_START_PFN: 16,
  SUPPORTED_FEATURES: 17,
  PHYS32_ENTRY: 18,
  PHYS32_RELOC: 19,
} as const;

/** Features by their number (xen/include/public/features.h); null where a number has no name in notes. */
export const XEN_FEATURES: readonly (string | null)[] = [
  'writable_page_tables',
  'writable_descriptor_tables',
  'auto_translated_physmap',
  'supervisor_mode_kernel',
  'pae_pgdir_above_4gb',
  'mmu_pt_update_preserve_ad',
  'highmem_assist',
  'gnttab_map_avail_bits',
  'hvm_callback_vector',
  'hvm_safe_pvclock',
  'hvm_pirqs',
  'dom0',
  'grant_map_identity',
  'memory_op_vnode_supported',
  'ARM_SMCCC_supported',
  'linux_rsdp_unrestricted',
  'not_direct_mapped',
  'direct_mapped',
];

/** The features that the text of a FEATURES note may require; an unknown one there makes Xen refuse the kernel. */
export const KNOWN_REQUIRED_FEATURES: ReadonlySet<string> = new Set([
  'writable_page_tables',
  'writable_descriptor_tables',
  'auto_translated_physmap',
  'supervisor_mode_kernel',
  'pae_pgdir_above_4gb',
  'hvm_callback_vector',
  'dom0',
]);

/** Notes of Linux itself: the owner is "Linux". */
export const LINUX_NOTE_OWNER = 'Linux';
/** LINUX_ELFNOTE_BUILD_SALT: distributions put the release there. */
export const LINUX_BUILD_SALT = 0x100;
