/**
 * LILO and ELILO. Reference: lilo.conf(5) and elilo.txt. LILO keeps block numbers of the files, not their names; the
 * config that it was installed from says which files these were.
 */
import { usageError } from '../../errors.js';
import type { GuestVolume } from '../../guest/guest.js';
import {
  absolutePath,
  configText,
  directoryOf,
  type EntryDraft,
  EntryList,
  numberEntry,
  requireEntries,
  StepCounter,
  WarningList,
} from '../assemble.js';
import type { BootOptions, FoundConfig, GuestFiles } from '../dialect.js';
import type { AccessControl, BootEntry, BootFile, BootMenu } from '../menu.js';
import { locateMounted, type Mount, readFstab } from '../mounts.js';
import { commandLineOf, groupSettings, type LiloConfig, type LiloImage, labelOf, settingOf } from './config.js';
import { readSettings } from './tokens.js';

/** Where the paths of a config lead. */
interface LiloPlace {
  readonly files: GuestFiles;
  readonly volume: GuestVolume;
  /** Relative paths (ELILO's) start here. */
  readonly directory: string;
  readonly mounts: readonly Mount[];
}

async function fileOf(name: string, place: LiloPlace): Promise<BootFile> {
  const path = absolutePath(name, place.directory);
  const here = await place.files.bootFile(place.volume, path);
  if (here.size !== null) return here;
  const mounted = await locateMounted(place.files, place.volume, place.mounts, path);
  return mounted.volume === place.volume ? here : place.files.bootFile(mounted.volume, mounted.path);
}

async function draftOf(image: LiloImage, config: LiloConfig, place: LiloPlace, index: number): Promise<EntryDraft> {
  const label = labelOf(image);
  const basic = { title: label, id: label, path: [index], commands: image.commands };
  if (image.kind === 'other') return basic;
  const initrd = settingOf(image, config.globals, 'initrd');
  const loaded = {
    kernel: await fileOf(image.path, place),
    initrds: initrd === null || initrd === '' ? [] : [await fileOf(initrd, place)],
  };
  const args = commandLineOf(image, config.globals);
  // ELILO's way to start Xen: the hypervisor's arguments stand before a double dash.
  const vmm = settingOf(image, config.globals, 'vmm');
  if (vmm === null) return { ...basic, ...loaded, args };
  const at = ` ${args} `.indexOf(' -- ');
  const hypervisorArgs = at < 0 ? '' : args.slice(0, Math.max(0, at - 1)).trim();
  return {
    ...basic,
    ...loaded,
    hypervisor: { ...(await fileOf(vmm, place)), args: hypervisorArgs },
    args: at < 0 ? args : args.slice(at + 2).trim(),
  };
}

/** Passwords of the whole config and of images; `restricted` asks only where somebody adds arguments. */
function accessOf(config: LiloConfig): { access: AccessControl | null; users: (string[] | null)[] } {
  const passwords: AccessControl['passwords'][number][] = [];
  const global = config.globals.get('password') ?? null;
  if (global !== null) passwords.push({ user: '', scheme: 'plain', secret: global });
  const users = config.images.map((image): string[] | null => {
    const own = image.settings.get('password') ?? null;
    const user = `image ${labelOf(image)}`;
    if (own !== null) passwords.push({ user, scheme: 'plain', secret: own });
    const asks = (own !== null || global !== null) && !image.settings.has('restricted') && !config.globals.has('restricted');
    return !asks || image.settings.has('bypass') ? null : own === null ? [] : [user];
  });
  return { access: passwords.length === 0 ? null : { superusers: global === null ? [] : [''], passwords }, users };
}

/** Tenths of a second until the default boots: `timeout` where there is a prompt, else `delay`. */
function timeoutOf({ globals }: LiloConfig): number | null {
  const value = globals.get('timeout') ?? globals.get('delay') ?? null;
  const tenths = value === null ? Number.NaN : Number.parseInt(value, 10);
  return tenths >= 0 ? tenths / 10 : null;
}

function chooseDefault(config: LiloConfig, explanation: string[]): number | null {
  const wanted = config.globals.get('default') ?? null;
  if (wanted !== null) {
    const found = config.images.findIndex((image) => labelOf(image) === wanted || image.settings.get('alias') === wanted);
    explanation.push(found < 0 ? `default=${wanted} names no image: the first one` : `default=${wanted}`);
    if (found >= 0) return found;
  } else explanation.push('no default is set: the first image');
  return config.images.length === 0 ? null : 0;
}

/** Reads a config. @throws TygrubError as `BootDialect.read` */
export async function readLilo({ volume, path }: FoundConfig, files: GuestFiles, _options: BootOptions): Promise<BootMenu> {
  const warnings = new WarningList(files.limits);
  const text = configText(await files.readConfig(volume, path));
  const config = groupSettings(readSettings(text, `${volume.name}:${path}`, new StepCounter(files.limits)));
  const place = { files, volume, directory: directoryOf(path), mounts: await readFstab(files, volume) };
  const list = new EntryList(files.limits);
  const { access, users } = accessOf(config);
  for (const [index, image] of config.images.entries()) {
    list.add({ ...(await draftOf(image, config, place, index)), users: users[index] ?? null });
  }
  requireEntries(list, warnings, 'lilo', `${volume.name}:${path}`);
  const explanation: string[] = [];
  return {
    config: { dialect: 'lilo', volume: volume.name, path },
    timeout: timeoutOf(config),
    default: chooseDefault(config, explanation),
    entries: list.entries,
    warnings: warnings.warnings,
    explanation,
    access,
    run: (commands, like) => run(commands, like, config, place),
  };
}

/** Commands are the lines of an image section; the globals of the config hold for them. */
async function run(commands: string, like: BootEntry | null, config: LiloConfig, place: LiloPlace): Promise<BootEntry> {
  const edited = groupSettings(readSettings(commands, 'edited', new StepCounter(place.files.limits)));
  const [image] = edited.images;
  if (image === undefined) throw usageError('lilo.no-image', 'the commands have no image= line');
  const globals = new Map([...config.globals, ...edited.globals]);
  const draft = await draftOf({ ...image, commands }, { globals, images: [image] }, place, 0);
  const title = like?.title ?? draft.title;
  return numberEntry({ ...draft, title, commands, path: like?.path ?? [], users: like?.users ?? null }, like?.index ?? -1);
}
