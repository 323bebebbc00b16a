/** A running GRUB: its variables, functions, menu and what is loaded. Copies run entries on trial. */
import type { GuestVolume } from '../../guest/guest.js';
import type { BootEntry, BootFile } from '../menu.js';
import type { BlsFile } from './bls/entry-file.js';
import { bareDeviceName } from './devices.js';
import type { EnvironmentBlock } from './grubenv.js';
import type { ScriptText } from './script-text.js';
import type { Surroundings } from './surroundings.js';
import type { FunctionDefinition } from './syntax.js';
import type { Place, Variables } from './variables.js';

/** An entry or submenu as `menuentry` defined it. */
export interface EntryDefinition {
  readonly title: string;
  readonly id: string;
  /** What the body sees as `$1` ...: the title first. */
  readonly args: readonly string[];
  readonly source: ScriptText;
  readonly submenu: boolean;
  /** Null for everyone; else these users, and the superusers. */
  readonly users: readonly string[] | null;
  readonly place: Place;
  /** An entry of another loader's config, which runs by that loader's rules. */
  readonly foreign?: BootEntry;
}

/** A file that a loader command named. */
export interface LoadedFile {
  /** Device as GRUB names it; what the config wrote where there is no such device. */
  readonly device: string;
  /** Null where the device does not exist or has no filesystem. */
  readonly volume: GuestVolume | null;
  readonly path: string;
  /** Null where there is no such file. */
  readonly size: number | null;
  /** Why it cannot be loaded. */
  readonly problem: { readonly code: string; readonly message: string } | null;
  /** `newc:` files: the name in the archive that GRUB makes of them. */
  readonly archivePath: string | null;
}

/** A file with its arguments, not yet quoted. */
export interface LoadedImage {
  readonly file: LoadedFile;
  readonly args: readonly string[];
}

/** What an EFI program boots that was chainloaded: a unified kernel image, or a kernel. */
export interface EfiBoot {
  readonly kernel: BootFile;
  readonly initrds: readonly BootFile[];
  readonly args: string;
}

/** What the loader commands have loaded. */
export interface Loaded {
  readonly kind: 'linux' | 'multiboot' | 'other';
  /** The command that loaded it: `linux`, `chainloader` ... */
  readonly command: string;
  readonly image: LoadedImage;
  readonly initrds: readonly LoadedFile[];
  /** Multiboot modules and what `xen_module` loads. */
  readonly modules: readonly (LoadedImage & { readonly unzip: boolean })[];
  /** Null but for EFI programs (`kind` is `other`) that boot Linux. */
  readonly efi: EfiBoot | null;
}

/** Why a script stopped before its end. */
export type Ended =
  | { readonly kind: 'boot' }
  /** `exit`, `halt`, `reboot`, `fwsetup` ... */
  | { readonly kind: 'left'; readonly command: string }
  /** `configfile` and its like opened another menu, which does not come back. */
  | { readonly kind: 'menu'; readonly menu: OpenedMenu };

/** A menu as it would be shown, with the state of the context that it was made in. */
export interface OpenedMenu {
  readonly machine: Machine;
  readonly definitions: readonly EntryDefinition[];
  /** `volume:path` of the config that made it; null for a submenu. */
  readonly config: { readonly volume: GuestVolume; readonly path: string } | null;
}

/** An entry file that `blscfg` read. */
export interface BlsEntry {
  readonly file: BlsFile;
  /** `volume:path`. */
  readonly where: string;
  /** It is in the menu. */
  readonly visible: boolean;
}

/** Functions by name; a copy does not change what it was copied from. */
class Functions {
  private readonly own = new Map<string, FunctionDefinition>();

  constructor(private readonly below: Functions | null = null) {}

  get(name: string): FunctionDefinition | undefined {
    for (let table: Functions | null = this; table !== null; table = table.below) {
      const found = table.own.get(name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  define(definition: FunctionDefinition): void {
    this.own.set(definition.name, definition);
  }

  fork(): Functions {
    return new Functions(this);
  }
}

/** What `set superusers`, `password` and `password_pbkdf2` said. */
export interface Password {
  readonly user: string;
  readonly scheme: 'plain' | 'pbkdf2';
  readonly secret: string;
}

export class Machine {
  variables: Variables;
  functions = new Functions();
  menu: EntryDefinition[] = [];
  /** Parameters of the function or entry that runs; null outside of both. */
  parameters: { args: readonly string[] } | null = null;
  loaded: Loaded | null = null;
  /** What loader commands failed to load: shown where nothing was loaded in the end. */
  attempted: Loaded | null = null;
  ended: Ended | null = null;
  /** True once the entry ran its last command with success: Red Hat's condition for booting. */
  lastStatus = 0;
  /** Environment blocks that `save_env` changed, by device and path. */
  environmentBlocks: ReadonlyMap<string, EnvironmentBlock> = new Map();
  passwords: readonly Password[] = [];
  /** What `search` found, by what was looked for: GRUB asks that device first when it looks for the same again. */
  searches: ReadonlyMap<string, string> = new Map();
  /** Above 0 only what an extractor may run is run. */
  extractor = 0;
  /** The `blscfg` command was run. */
  blscfg = false;
  /** Entry files that it read, newest first. */
  blsEntries: readonly BlsEntry[] = [];
  /** Where the command that runs stands. */
  place: Place = { file: null, line: 1 };
  activeLoops = 0;
  activeBreaks = 0;
  isContinue = false;
  functionReturn = false;
  /** Nested commands, as GRUB counts them. */
  depth = 0;

  constructor(
    readonly surroundings: Surroundings,
    variables: Variables,
  ) {
    this.variables = variables;
  }

  /** A copy that runs on its own; nothing it does is seen here. */
  fork(): Machine {
    const copy = new Machine(this.surroundings, this.variables.fork());
    copy.functions = this.functions.fork();
    copy.menu = this.menu.slice();
    copy.environmentBlocks = this.environmentBlocks;
    copy.passwords = this.passwords;
    copy.extractor = this.extractor;
    copy.blscfg = this.blscfg;
    copy.blsEntries = this.blsEntries;
    copy.place = this.place;
    copy.activeLoops = this.activeLoops;
    copy.activeBreaks = this.activeBreaks;
    copy.isContinue = this.isContinue;
    copy.functionReturn = this.functionReturn;
    copy.depth = this.depth;
    copy.searches = this.searches;
    return copy;
  }

  get(name: string): string | undefined {
    return this.variables.get(name);
  }

  /** Sets a variable; `root` loses the parentheses that it may be given. */
  set(name: string, value: string): void {
    this.surroundings.budget.charge(name.length + value.length);
    this.variables.set(name, name === 'root' ? bareDeviceName(value) : value, this.place);
  }

  /** An error that GRUB prints; gives the status back. */
  fail(status: number, code: string, message: string): number {
    this.surroundings.warn(code, message, this.place);
    return status;
  }
}
