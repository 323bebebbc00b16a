/** Who may do what in a menu with passwords. */
import type { BootEntry } from '../boot/index.js';
import type { MenuContext } from './state.js';

/**
 * Whether the menu's passwords name users. GRUB 2's do; GRUB legacy and the others have one password for everybody.
 */
export function asksForUser(context: MenuContext): boolean {
  const access = context.menu.access;
  return access !== null && context.menu.config?.dialect === 'grub2';
}

/** Whether a person may edit entries and use the command line: superusers only, where there are any. */
export function mayEdit(context: MenuContext, user: string | null): boolean {
  const access = context.menu.access;
  if (access === null) return true;
  if (user === null) return false;
  return access.superusers.includes(user) || !asksForUser(context);
}

/**
 * Whether a person may boot an entry as it is. The entry that boots by itself needs no password: waiting for the
 * countdown would boot it as well.
 */
export function mayBoot(context: MenuContext, user: string | null, entry: BootEntry): boolean {
  const access = context.menu.access;
  if (access === null || entry.users === null || entry.index === context.policy.default) return true;
  return mayEdit(context, user) || (user !== null && entry.users.includes(user));
}
