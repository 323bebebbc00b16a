/** How a menu came to its default and what an entry's files are, as data: `tygrub explain` prints it. */
import type { Problem } from '../errors.js';
import type { BootEntry, BootFile, BootMenu, ConfigPlace, ConfigWarning, MenuVariable } from './menu.js';

/** A file of an entry and what it resolved to. */
export interface ExplainedFile {
  readonly role: 'hypervisor' | 'kernel' | 'initrd';
  readonly volume: string;
  readonly path: string;
  readonly part: string | null;
  /** Null where it does not exist. */
  readonly size: number | null;
}

/** All that is known about a choice. */
export interface Explanation {
  readonly config: ConfigPlace | null;
  /** Whose rules were applied and why; null where the dialect has only one kind. */
  readonly rules: string | null;
  /** How the default was chosen, a sentence each. */
  readonly steps: readonly string[];
  readonly variables: readonly MenuVariable[];
  readonly environment: readonly { readonly file: string; readonly name: string; readonly value: string }[];
  /** The entry that is explained: the one asked for, or the default; null where there is none. */
  readonly entry: {
    readonly index: number;
    readonly title: string;
    readonly submenus: readonly string[];
    readonly id: string | null;
    readonly isDefault: boolean;
    readonly kind: BootEntry['kind'];
    readonly args: string;
    readonly files: readonly ExplainedFile[];
    readonly problem: Problem | null;
    readonly commands: string;
  } | null;
  readonly warnings: readonly ConfigWarning[];
}

function explainedFile(role: ExplainedFile['role'], { volume, path, part, size }: BootFile): ExplainedFile {
  return { role, volume, path, part, size };
}

/**
 * Explains an entry of a menu.
 * @param entry the entry; null for the menu's default
 */
export function explain(menu: BootMenu, entry: BootEntry | null = null): Explanation {
  const chosen = entry ?? menu.entries.find(({ index }) => index === menu.default) ?? null;
  return {
    config: menu.config,
    rules: menu.details?.rules ?? null,
    steps: menu.explanation,
    variables: menu.details?.variables ?? [],
    environment: menu.details?.environment ?? [],
    entry:
      chosen === null
        ? null
        : {
            index: chosen.index,
            title: chosen.title,
            submenus: chosen.submenus,
            id: chosen.id,
            isDefault: chosen.index === menu.default,
            kind: chosen.kind,
            args: chosen.args,
            files: [
              ...(chosen.hypervisor === null ? [] : [explainedFile('hypervisor', chosen.hypervisor)]),
              ...(chosen.kernel === null ? [] : [explainedFile('kernel', chosen.kernel)]),
              ...chosen.initrds.map((initrd) => explainedFile('initrd', initrd)),
            ],
            problem: chosen.problem,
            commands: chosen.commands,
          },
    warnings: menu.warnings,
  };
}
