/** Who may do what in a menu with passwords. */
import type { BootEntry } from '../boot/index.js';
import type { MenuContext } from './state.js';

/**
 * Whether a person is asked for a name. GRUB 2's passwords belong to users; the other loaders ask for a password alone.
 */
export function asksForUser(context: MenuContext): boolean {
  const access = context.menu.access;
  return access !== null && context.menu.config?.dialect === 'grub2';
}

/**
 * Whether a person may edit entries and use the command line: superusers only, where there are any.
 * @param users who gave their passwords
 */
export function mayEdit(context: MenuContext, users: readonly string[]): boolean {
  const superusers = context.menu.access?.superusers ?? [];
  return superusers.length === 0 || superusers.some((user) => users.includes(user));
}

/**
 * Whether a person may boot an entry as it is. The entry that boots by itself needs no password: waiting for the
 * countdown would boot it as well.
 */
export function mayBoot(context: MenuContext, users: readonly string[], entry: BootEntry): boolean {
  const access = context.menu.access;
  if (access === null || entry.users === null || entry.index === context.policy.default) return true;
  return [...access.superusers, ...entry.users].some((user) => users.includes(user));
}
