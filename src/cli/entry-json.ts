/** The stable JSON of boot entries and menus. Fields may be added, never changed. */
import type { BootEntry, BootFile, BootMenu } from '../boot/index.js';
import type { Guest } from '../guest/guest.js';

function fileJson(file: BootFile) {
  return { volume: file.volume, path: file.path, size: file.size, ...(file.part === null ? {} : { part: file.part }) };
}

/** One entry as `list --json` has it. */
export function entryJson(entry: BootEntry) {
  return {
    index: entry.index,
    id: entry.id,
    title: entry.title,
    submenus: entry.submenus,
    kind: entry.kind,
    args: entry.args,
    kernel: entry.kernel === null ? null : fileJson(entry.kernel),
    initrds: entry.initrds.map(fileJson),
    hypervisor: entry.hypervisor === null ? null : { ...fileJson(entry.hypervisor), args: entry.hypervisor.args },
    problem: entry.problem,
    path: entry.path.join('>'),
    users: entry.users,
    guess: entry.guess,
  };
}

/** The whole menu as `list --json` has it. */
export function menuJson(guest: Guest, menu: BootMenu) {
  return {
    image: guest.disks[0]?.path ?? null,
    ...(guest.disks.length > 1 ? { images: guest.disks.map((disk) => disk.path) } : {}),
    container: guest.disks[0]?.container.format ?? null,
    config: menu.config === null ? null : { dialect: menu.config.dialect, volume: menu.config.volume, path: menu.config.path },
    timeout: menu.timeout,
    default: menu.default,
    entries: menu.entries.map(entryJson),
    warnings: menu.warnings,
  };
}
