/** The parts of a SYSLINUX configuration: menus, labels, and what stands outside of labels. */

/** How a label's kernel is to be taken; `kernel` leaves it to the file's extension. */
export type KernelType = 'kernel' | 'linux' | 'boot' | 'bss' | 'pxe' | 'fdimage' | 'comboot' | 'com32' | 'config' | 'localboot';

/** The keywords that name a kernel. */
export const KERNEL_TYPES: ReadonlyMap<string, KernelType> = new Map<string, KernelType>([
  ['kernel', 'kernel'],
  ['linux', 'linux'],
  ['boot', 'boot'],
  ['bss', 'bss'],
  ['pxe', 'pxe'],
  ['fdimage', 'fdimage'],
  ['comboot', 'comboot'],
  ['com32', 'com32'],
  ['config', 'config'],
  ['localboot', 'localboot'],
]);

/** Keywords that change nothing of what boots: messages, looks, consoles, U-Boot's device trees. */
export const IGNORED_KEYWORDS: ReadonlySet<string> = new Set([
  ...['say', 'display', 'font', 'kbdmap', 'serial', 'console', 'noescape', 'nocomplete', 'allowoptions', 'path', 'ipappend', 'sysappend'],
  ...['sendcookies', 'nohalt', 'onerror', 'f0', 'f1', 'f2', 'f3', 'f4', 'f5', 'f6', 'f7', 'f8', 'f9', 'f10', 'f11', 'f12', 'endtext'],
  ...[
    'fdt',
    'fdtdir',
    'fdtoverlays',
    'devicetree',
    'devicetreedir',
    'devicetree-overlay',
    'kaslrseed',
    'kerneldir',
    'keeppxe',
    'background',
  ],
]);

/** A label with its lines. */
export interface Label {
  readonly kind: 'label';
  readonly name: string;
  readonly file: string;
  readonly line: number;
  /** The directory that relative paths start in. */
  readonly directory: string;
  /** The lines after LABEL, as they stand. */
  readonly lines: string[];
  menuLabel: string | null;
  type: KernelType;
  /** The label's own name until a line names a kernel. */
  kernel: string;
  explicit: boolean;
  append: string | null;
  /** The APPEND outside of labels; stands in for the label's own. */
  globalAppend: string | null;
  initrd: string | null;
  menuDefault: boolean;
  disabled: boolean;
  /** MENU GOTO, EXIT and QUIT move in the menu and boot nothing. */
  navigation: boolean;
  password: string | null;
}

/** A menu: the whole config, or what MENU BEGIN and END enclose. */
export interface Menu {
  readonly kind: 'menu';
  readonly tag: string;
  readonly parent: Menu | null;
  title: string | null;
  label: string | null;
  readonly items: (Label | Menu)[];
  /** What MENU DEFAULT marks. */
  default: Label | Menu | null;
}

/** A config with the files that it includes. */
export interface SyslinuxConfig {
  readonly root: Menu;
  /** The menu that is shown first. */
  start: Menu;
  /** Labels by name, the first of each. */
  readonly labels: Map<string, Label>;
  default: { readonly command: string; readonly line: number; readonly file: string } | null;
  ui: string | null;
  onTimeout: string | null;
  /** Tenths of a second; 0 waits for ever. */
  timeout: number;
  totalTimeout: number;
  prompt: number;
  /** A command may name a file that is no label. */
  implicit: boolean;
  append: string | null;
  masterPassword: string | null;
}

/** A menu with nothing in it. */
export function emptyMenu(tag: string, parent: Menu | null): Menu {
  return { kind: 'menu', tag, parent, title: null, label: null, items: [], default: null };
}

/** A config with nothing in it. */
export function emptyConfig(): SyslinuxConfig {
  const root = emptyMenu('', null);
  return {
    root,
    start: root,
    labels: new Map(),
    default: null,
    ui: null,
    onTimeout: null,
    timeout: 0,
    totalTimeout: 0,
    prompt: 0,
    implicit: true,
    append: null,
    masterPassword: null,
  };
}

/** A label with nothing but its name. */
export function emptyLabel(name: string, file: string, line: number, directory: string): Label {
  return {
    kind: 'label',
    name,
    file,
    line,
    directory,
    lines: [],
    menuLabel: null,
    type: 'kernel',
    kernel: name,
    explicit: false,
    append: null,
    globalAppend: null,
    initrd: null,
    menuDefault: false,
    disabled: false,
    navigation: false,
    password: null,
  };
}

/** A text of the menu without the mark of its hotkey. */
export function withoutHotkey(text: string): string {
  const at = text.indexOf('^');
  return at < 0 ? text : text.slice(0, at) + text.slice(at + 1);
}
