/** The options of `tygrub-pygrub`, which are pygrub's: what its command line is read by, and its manual page and completions made from. */

/** One option. */
export interface PygrubOption {
  readonly name: string;
  /** The one-letter form, or null where there is none. */
  readonly letter: string | null;
  /** What its value is called, or null for an option without one. */
  readonly value: string | null;
  /** The values that are known, where others are refused. */
  readonly choices?: readonly string[];
  /** pygrub has it not: where a shortened name fits one of pygrub's as well, pygrub's is meant. */
  readonly isNew?: true;
  readonly words: string;
}

/** All of them, pygrub's in its order: it is seen where a shortened name fits several. */
export const OPTIONS: readonly PygrubOption[] = [
  { name: 'quiet', letter: 'q', value: null, words: 'boot the default entry without a menu' },
  { name: 'interactive', letter: 'i', value: null, words: 'show the menu' },
  { name: 'list-entries', letter: 'l', value: null, words: 'list the entries and extract nothing' },
  { name: 'not-really', letter: 'n', value: null, words: 'choose an entry, name its files, and extract nothing' },
  { name: 'help', letter: 'h', value: null, words: 'show the usage' },
  { name: 'isconfig', letter: null, value: null, words: 'the image is a boot config, not a disk: read it and list it' },
  { name: 'debug', letter: null, value: null, words: 'tell what is done, on standard error' },
  { name: 'output', letter: null, value: 'file', words: 'where the result is written (default: standard output)' },
  {
    name: 'output-format',
    letter: null,
    value: 'format',
    choices: ['sxp', 'simple', 'simple0'],
    words: 'how the result is written: an s-expression, lines, or lines ended by NUL bytes (default: sxp)',
  },
  {
    name: 'output-directory',
    letter: null,
    value: 'directory',
    words: 'where kernel and ramdisk are written, as new files with names of their own (default: /var/run/xen/pygrub)',
  },
  { name: 'offset', letter: null, value: 'bytes', words: 'where the filesystem starts, instead of looking for partitions' },
  { name: 'runas', letter: null, value: 'uid', words: 'give up the rights of root for those of this user before the disk is read' },
  { name: 'entry', letter: null, value: 'entry', words: 'boot this entry, by index, title or id, without a menu' },
  { name: 'kernel', letter: null, value: 'path', words: 'boot this kernel of the disk instead of an entry of the menu' },
  { name: 'ramdisk', letter: null, value: 'path', words: 'the ramdisk to go with --kernel' },
  { name: 'args', letter: null, value: 'arguments', words: "arguments to add to the kernel's" },
  { name: 'decompress', letter: null, value: null, isNew: true, words: 'hand out the plain kernel, for a Xen that cannot unpack it' },
  { name: 'xen', letter: null, value: 'version', isNew: true, words: "the host's version of Xen, which decides what it can unpack" },
  {
    name: 'boot',
    letter: null,
    value: 'kind',
    choices: ['pv', 'pvh', 'any'],
    isNew: true,
    words: 'the kind of guest that is to start (default: any)',
  },
  {
    name: 'pygrub-compat',
    letter: null,
    value: null,
    isNew: true,
    words: 'number the entries of a GRUB 2 config as pygrub does: all in the file, also those that GRUB does not show',
  },
  { name: 'strict', letter: null, value: null, isNew: true, words: 'fail when the kernel cannot start like that, instead of warning' },
  {
    name: 'domid',
    letter: null,
    value: 'number',
    isNew: true,
    words: "as --runas, with the user of this domain (qemu_base's number plus the domain's)",
  },
  { name: 'vm', letter: null, value: 'uuid', isNew: true, words: 'accepted and ignored: some toolstacks name the virtual machine' },
];

/** What the manual says of the program itself. */
export const PROGRAM = {
  name: 'tygrub-pygrub',
  words: "find the kernel of a guest's disk for a Xen toolstack, in pygrub's place",
  statuses: ['0 success   1 any failure, told on standard error as a line RuntimeError: REASON   8 the menu was left'],
  examples: [
    'tygrub-pygrub --quiet --output-format=simple0 --output-directory=/var/run/xen/pygrub disk.vhd',
    'tygrub-pygrub --list-entries disk.vhd',
  ],
} as const;
