/** Boot menus made by hand, and a menu that is driven without a terminal. */
import type { BootEntry, BootFile, BootMenu } from '../../src/boot/index.js';
import { DEFAULT_LIMITS, type Limits } from '../../src/limits.js';
import { draw } from '../../src/menu/draw.js';
import type { Frame, Size } from '../../src/menu/frame.js';
import { handle, startMenu } from '../../src/menu/handle.js';
import { KeyDecoder } from '../../src/menu/keys.js';
import type { Effect, MenuContext, MenuEvent, MenuPolicy, MenuResult, MenuState } from '../../src/menu/state.js';
import { MemorySource } from '../../src/source/memory.js';

/** A file of so many bytes. */
export function file(path: string, size: number | null): BootFile {
  return { volume: 'msdos1', path, part: null, size, open: async () => new MemorySource(new Uint8Array(size ?? 0)) };
}

/** An entry as Debian's grub-mkconfig makes them. */
export function entry(index: number, title: string, changes: Partial<BootEntry> = {}): BootEntry {
  const version = `6.1.0-${9 - (index % 9)}-amd64`;
  return {
    index,
    id: `gnulinux-${index}`,
    title,
    submenus: [],
    path: [index],
    kind: 'linux',
    args: 'root=UUID=0d4a4ae6-5bd1-4ab6-ae4b-1e2d0b0d1fe4 ro quiet',
    kernel: file(`/boot/vmlinuz-${version}`, 8_201_152),
    initrds: [file(`/boot/initrd.img-${version}`, 33_217_316)],
    hypervisor: null,
    problem: null,
    commands: `set root='hd0,msdos1'\nlinux /boot/vmlinuz-${version} root=/dev/xvda1 ro quiet\ninitrd /boot/initrd.img-${version}\n`,
    users: null,
    guess: false,
    ...changes,
  };
}

/** Entries as Debian has them: one at the top, the others in a submenu. */
export function debianEntries(): BootEntry[] {
  const submenus = ['Advanced options for Debian GNU/Linux'];
  const title = (version: number, rest = ''): string => `Debian GNU/Linux, with Linux 6.1.0-${version}-amd64${rest}`;
  return [
    entry(0, 'Debian GNU/Linux'),
    entry(1, title(9), { submenus, path: [1, 0] }),
    entry(2, title(9, ' (recovery mode)'), { submenus, path: [1, 1] }),
    entry(3, title(8), { submenus, path: [1, 2] }),
    entry(4, title(8, ' (recovery mode)'), { submenus, path: [1, 3] }),
    entry(5, 'A kernel that was deleted', {
      path: [2],
      kernel: file('/boot/vmlinuz-gone', null),
      initrds: [],
      problem: { code: 'boot.missing-kernel', message: '/boot/vmlinuz-gone does not exist on msdos1' },
    }),
  ];
}

/** A menu of entries. */
export function bootMenu(entries: readonly BootEntry[], changes: Partial<BootMenu> = {}): BootMenu {
  return {
    config: { dialect: 'grub2', volume: 'msdos1', path: '/boot/grub/grub.cfg' },
    timeout: 5,
    default: entries.length === 0 ? null : 0,
    entries,
    warnings: [],
    explanation: ['default is 0'],
    access: null,
    run: async (commands, like) => ({ ...entry(like?.index ?? -1, like?.title ?? 'entered'), commands, args: `ran ${commands.length}` }),
    ...changes,
  };
}

export const POLICY: MenuPolicy = { timeout: 5, default: 0, confirmQuit: false, resumeAfter: null };

/** A menu without a terminal: keys in as bytes, rows of text out. */
export class Driven {
  readonly context: MenuContext;
  state: MenuState;
  readonly effects: Effect[] = [];

  constructor(menu: BootMenu, policy: Partial<MenuPolicy> = {}, size: Size = { columns: 80, rows: 24 }, limits: Limits = DEFAULT_LIMITS) {
    const { context, step } = startMenu(menu, { ...POLICY, ...policy }, limits, size, false);
    this.context = context;
    this.state = step.state;
    this.effects.push(...step.effects);
  }

  /** Types bytes; a lone Escape at the end counts as the key. */
  type(bytes: string): this {
    const decoder = new KeyDecoder();
    for (const key of [...decoder.feed(Buffer.from(bytes, 'utf8')), ...decoder.flush()]) this.happen({ kind: 'key', key });
    return this;
  }

  happen(event: MenuEvent): this {
    const { state, effects } = handle(this.state, event, this.context);
    this.state = state;
    this.effects.push(...effects);
    return this;
  }

  /** Lets seconds pass. */
  wait(seconds: number): this {
    for (let i = 0; i < seconds && this.result === null; i++) this.happen({ kind: 'tick' });
    return this;
  }

  frame(): Frame {
    return draw(this.state, this.context, 'ascii');
  }

  /** What is on the screen, row by row, without blanks at the ends. */
  rows(): string[] {
    return this.frame().rows.map((row) =>
      row
        .map((cell) => cell.text)
        .join('')
        .trimEnd(),
    );
  }

  screen(): string {
    return this.rows().join('\n');
  }

  get result(): MenuResult | null {
    const last = this.effects.find((effect) => effect.kind === 'finish');
    return last?.kind === 'finish' ? last.result : null;
  }

  /** The work that is asked for, by its kind. */
  asked<K extends Effect['kind']>(kind: K): Extract<Effect, { kind: K }> {
    const found = this.effects.findLast((effect): effect is Extract<Effect, { kind: K }> => effect.kind === kind);
    if (found === undefined) throw new Error(`nothing asked for ${kind}`);
    return found;
  }
}

export const DOWN = '\x1b[B';
export const UP = '\x1b[A';
export const ESCAPE = '\x1b';

/** Keys for random driving; those that would end the menu are left out. */
export const ENTRY_KEYS: readonly string[] = [
  DOWN,
  UP,
  '\x1bOA',
  '\x1bOB',
  '\x1b[5~',
  '\x1b[6~',
  '\x1b[C',
  '\x1b[D',
  '\x1b[H',
  '\x1b[F',
  ESCAPE,
  'e',
  'a',
  'c',
  'o',
  'O',
  'd',
  'i',
  '?',
  '/',
  't',
  'x',
  ' ',
  '\x01',
  '\x05',
  '\x0b',
  '\x7f',
  '\t',
  '\x0c',
];
