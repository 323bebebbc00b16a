/** GRUB's error numbers, which scripts see as `$?`. */
export const Status = {
  OK: 0,
  /** A test was false; no error. */
  FALSE: 1,
  BAD_FILE_TYPE: 4,
  FILE_NOT_FOUND: 5,
  FILE_READ_ERROR: 6,
  BAD_FILENAME: 7,
  UNKNOWN_FS: 8,
  BAD_FS: 9,
  BAD_NUMBER: 10,
  UNKNOWN_DEVICE: 12,
  UNKNOWN_COMMAND: 16,
  INVALID_COMMAND: 17,
  BAD_ARGUMENT: 18,
  NO_KERNEL: 22,
  NOT_IMPLEMENTED: 24,
  MENU: 27,
  EXTRACTOR: 31,
  NET_BAD_ADDRESS: 32,
  RECURSION_DEPTH: 47,
} as const;
