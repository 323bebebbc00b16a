/** Unified kernel images: the UAPI group's UKI specification, with profiles and add-ons. */
import { untilNul } from '../../bytes/text.js';
import { TygrubError } from '../../errors.js';
import type { GuestVolume } from '../../guest/guest.js';
import type { Limits } from '../../limits.js';
import type { ByteSource } from '../../source/byte-source.js';
import { readAll } from '../../source/read-all.js';
import { checkFileCount, configText, type WarningList } from '../assemble.js';
import type { GuestFiles } from '../dialect.js';
import type { BootFile } from '../menu.js';
import { parseOsRelease } from '../os-release.js';
import { type PeImage, type PeSection, readPe, sectionSource } from './pe.js';

/** One way to boot the image. */
export interface UkiProfile {
  /** From 0. */
  readonly number: number;
  /** `ID` and `TITLE` of its `.profile` section; null where it has none. */
  readonly id: string | null;
  readonly title: string | null;
  /** Its sections by name: the image's common ones, replaced by its own. The first of a name counts. */
  readonly sections: ReadonlyMap<string, PeSection>;
}

/** A unified kernel image. */
export interface Uki {
  readonly architecture: string | null;
  /** At least one. */
  readonly profiles: readonly UkiProfile[];
}

/** Told of bytes before they are read; throws when they are too many. */
export type CountBytes = (bytes: number) => void;

/**
 * Reads the section table of a unified kernel image.
 * @returns null where the file is no PE image or holds no `.linux` section
 * @throws TygrubError corrupt, limit (`peSections`, `configSize` for a `.profile` section)
 */
export async function readUki(source: ByteSource, limits: Limits, count: CountBytes = () => {}): Promise<Uki | null> {
  const pe = await readPe(source, limits);
  if (pe === null || !pe.sections.some((section) => section.name === '.linux')) return null;
  return { architecture: pe.architecture, profiles: await readProfiles(source, pe, limits, count) };
}

async function readProfiles(source: ByteSource, pe: PeImage, limits: Limits, count: CountBytes): Promise<UkiProfile[]> {
  const groups: PeSection[][] = [[]];
  for (const section of pe.sections) {
    if (section.name === '.profile') groups.push([section]);
    else groups[groups.length - 1]?.push(section);
  }
  const [common = [], ...own] = groups;
  if (own.length === 0) return [{ number: 0, id: null, title: null, sections: byName(common) }];
  const profiles: UkiProfile[] = [];
  for (const [number, sections] of own.entries()) {
    const [profile] = sections;
    const about = parseOsRelease(profile === undefined ? '' : await sectionText(source, profile, limits, count));
    profiles.push({
      number,
      id: about.get('ID') ?? null,
      title: about.get('TITLE') ?? null,
      sections: new Map([...byName(common), ...byName(sections)]),
    });
  }
  return profiles;
}

function byName(sections: readonly PeSection[]): Map<string, PeSection> {
  const map = new Map<string, PeSection>();
  for (const section of sections) if (!map.has(section.name)) map.set(section.name, section);
  return map;
}

/** The text of a section up to the first NUL. @throws TygrubError corrupt, limit `configSize`, and what `count` throws */
export async function sectionText(source: ByteSource, section: PeSection, limits: Limits, count: CountBytes = () => {}): Promise<string> {
  const content = sectionSource(source, section);
  if (content.size <= limits.configSize) count(content.size);
  return configText(untilNul(await readAll(content, limits.configSize, 'configSize', `the section ${section.name}`)));
}

/** A command line as the stub cleans it: control characters become blanks, blanks at the ends vanish. */
export function cleanCommandLine(text: string): string {
  let out = '';
  for (const c of text) out += c < ' ' ? ' ' : c;
  return out.trim();
}

/** What a profile of an image boots. */
export interface UkiBoot {
  readonly kernel: BootFile;
  /** `.ucode` first: microcode has to stand before everything else. */
  readonly initrds: readonly BootFile[];
  readonly commandLine: string;
  readonly osRelease: ReadonlyMap<string, string>;
  /** `.uname`: the kernel's release; null where the image does not say it. */
  readonly release: string | null;
}

/** A section as a file to hand out; nothing of it is read before it is opened. */
function sectionFile(files: GuestFiles, volume: GuestVolume, path: string, section: PeSection): BootFile {
  return {
    volume: volume.name,
    path,
    part: section.name,
    size: section.size,
    open: async () => sectionSource(await files.open(volume, path), section),
  };
}

/**
 * Takes a profile apart as the stub would, with the add-ons that lie beside the image.
 * @param options what the loader passes: it replaces the image's own command line, as it does without Secure Boot
 * @throws TygrubError when a section cannot be read; an add-on that cannot is a warning
 */
export async function bootUki(
  files: GuestFiles,
  volume: GuestVolume,
  path: string,
  profile: UkiProfile,
  warnings: WarningList,
  options: string | null = null,
): Promise<UkiBoot> {
  const source = await files.open(volume, path);
  const count = (bytes: number): void => files.count(bytes);
  const text = async (name: string): Promise<string | null> => {
    const section = profile.sections.get(name);
    return section === undefined ? null : sectionText(source, section, files.limits, count);
  };
  const part = (name: string): BootFile[] => {
    const section = profile.sections.get(name);
    return section === undefined ? [] : [sectionFile(files, volume, path, section)];
  };
  const [kernel] = part('.linux');
  if (kernel === undefined) throw new TygrubError('corrupt', 'uki.no-kernel', `${path} has no .linux section`);
  const microcode = part('.ucode');
  const initrds = part('.initrd');
  const lines = [cleanCommandLine(options ?? (await text('.cmdline')) ?? '')];
  for (const addon of await findAddons(files, volume, path)) {
    try {
      const image = await files.open(volume, addon);
      const sections = byName((await readPe(image, files.limits))?.sections ?? []);
      const line = sections.get('.cmdline');
      if (line !== undefined) lines.push(cleanCommandLine(await sectionText(image, line, files.limits, count)));
      const [ucode, initrd] = [sections.get('.ucode'), sections.get('.initrd')];
      if (ucode !== undefined) microcode.push(sectionFile(files, volume, addon, ucode));
      if (initrd !== undefined) initrds.push(sectionFile(files, volume, addon, initrd));
    } catch (error) {
      if (!(error instanceof TygrubError) || error.kind === 'limit') throw error;
      warnings.add('uki.addon', `the add-on is left out: ${error.summary}`, `${volume.name}:${addon}`);
    }
  }
  const release = await text('.uname');
  return {
    kernel,
    initrds: [...microcode, ...initrds],
    commandLine: lines.filter((line) => line !== '').join(' '),
    osRelease: parseOsRelease((await text('.osrel')) ?? ''),
    release: release === null ? null : release.trim(),
  };
}

const ADDON = '.addon.efi';

/** Add-ons for all images of the partition, then those of the image, each in the order of their names. */
async function findAddons(files: GuestFiles, volume: GuestVolume, path: string): Promise<string[]> {
  const found: string[] = [];
  for (const directory of ['/loader/addons', `${path}.extra.d`]) {
    const names = (await files.list(volume, directory)).filter((name) => name.toLowerCase().endsWith(ADDON)).sort();
    found.push(...names.map((name) => `${directory}/${name}`));
    checkFileCount(found.length, files.limits);
  }
  return found;
}
