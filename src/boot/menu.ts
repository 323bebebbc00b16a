/** The boot menu of a guest, whatever loader it was written for. */
import type { Problem } from '../errors.js';
import type { ByteSource } from '../source/byte-source.js';

/** A file that an entry loads. */
export interface BootFile {
  /** Name of the volume (`GuestVolume.name`). */
  readonly volume: string;
  /** Absolute path in the volume's filesystem, as the config gave it without the device. */
  readonly path: string;
  /** A part of that file: the section of a unified kernel image; null for the whole file. */
  readonly part: string | null;
  /** Bytes; null when the file could not be found (the entry then has a problem). */
  readonly size: number | null;
  /** The bytes to hand out. @throws TygrubError not-found, corrupt, unsupported */
  open(): Promise<ByteSource>;
}

/** A hypervisor that loads the kernel as its first guest. */
export interface Hypervisor extends BootFile {
  /** Its command line without its path. */
  readonly args: string;
}

/** One entry of the menu; submenus are not entries, the entries in them are. */
export interface BootEntry {
  /** Place in the menu, depth first, from 0. */
  readonly index: number;
  readonly id: string | null;
  readonly title: string;
  /** Titles of the submenus above the entry, outermost first. */
  readonly submenus: readonly string[];
  /** Ids of these submenus, where the dialect has any. */
  readonly submenuIds?: readonly string[];
  /** The place by numbers, as GRUB's `1>0` counts it: position in its menu after the positions of the submenus. */
  readonly path: readonly number[];
  /** `linux`; `xen` (a hypervisor with a dom0 kernel); `other` boots no kernel that can be handed out. */
  readonly kind: 'linux' | 'xen' | 'other';
  /** The kernel's command line, without the kernel's path and without BOOT_IMAGE=; empty where there is none. */
  readonly args: string;
  readonly kernel: BootFile | null;
  /** In the order in which they are concatenated. */
  readonly initrds: readonly BootFile[];
  readonly hypervisor: Hypervisor | null;
  /** Why the entry cannot boot; it is listed all the same. */
  readonly problem: Problem | null;
  /** The entry's commands as its loader would run them: what `e` in a menu edits. */
  readonly commands: string;
  /** Who may boot it where the menu has superusers: null for everyone, else these users and the superusers. */
  readonly users: readonly string[] | null;
  /** True where the entry was made up by tygrub (no boot config on the disk): never chosen without being asked for. */
  readonly guess: boolean;
}

/** A warning of a boot config, with its place. */
export interface ConfigWarning {
  readonly code: string;
  readonly message: string;
  /** `volume:path` of the file. */
  readonly file: string | null;
  /** From 1. */
  readonly line: number | null;
}

/** Who may edit, and how they prove who they are. */
export interface AccessControl {
  readonly superusers: readonly string[];
  readonly passwords: readonly {
    readonly user: string;
    /**
     * `plain`: the password itself; `pbkdf2`: GRUB 2's `grub.pbkdf2.sha512....`; `md5`: GRUB legacy's and syslinux's
     * `$1$...`; syslinux also has `sha1` (`$4$SALT$BASE64`) and `sha-crypt` (`$5$...`, `$6$...` of crypt(3)). Loaders that
     * know no user names have the one user ''.
     */
    readonly scheme: 'plain' | 'pbkdf2' | 'md5' | 'sha1' | 'sha-crypt';
    readonly secret: string;
  }[];
}

/** Where the menu came from. */
export interface ConfigPlace {
  /** `grub2`, `grub-legacy`, `syslinux`, `systemd-boot`, `lilo` ... */
  readonly dialect: string;
  readonly volume: string;
  readonly path: string;
}

/** A variable of a boot script that had a part in the choice of the default. */
export interface MenuVariable {
  readonly name: string;
  readonly value: string;
  /** `volume:path` of the file that set it last; null for what the loader sets itself. */
  readonly file: string | null;
  /** From 1; null where `file` is. */
  readonly line: number | null;
}

/** What a dialect with variables tells about how it came to its menu. */
export interface MenuDetails {
  /** Whose rules were applied and why: a sentence. */
  readonly rules: string;
  readonly variables: readonly MenuVariable[];
  /** What environment blocks held, in the order in which they were read. */
  readonly environment: readonly { readonly file: string; readonly name: string; readonly value: string }[];
}

/** A boot menu. */
export interface BootMenu {
  /** Null where the entries are guesses: no config was found. */
  readonly config: ConfigPlace | null;
  /** Seconds until the default entry boots; null where the config sets none. */
  readonly timeout: number | null;
  /** Index of the entry that the loader would boot; null when it would boot none. */
  readonly default: number | null;
  readonly entries: readonly BootEntry[];
  readonly warnings: readonly ConfigWarning[];
  /** How the default was chosen, a sentence each, for `tygrub explain`. */
  readonly explanation: readonly string[];
  /** More of the same as data, where the dialect has it. */
  readonly details?: MenuDetails;
  /** Null where nobody has to prove anything. */
  readonly access: AccessControl | null;
  /**
   * Runs commands as the loader would in the place of an entry (an edited entry, or a command line).
   * @param commands lines in the config's language
   * @param like the entry that was edited: its variables and its submenu apply; null for the main menu
   * @returns an entry with the index of `like`, or -1
   */
  run(commands: string, like: BootEntry | null): Promise<BootEntry>;
}
