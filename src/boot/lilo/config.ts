/** The sections of lilo.conf: what stands before the first image, and the images. */
import type { Setting } from './tokens.js';

/** Settings by key; the last one of a key counts. */
type Section = Map<string, string | null>;

/** One image. */
export interface LiloImage {
  /** `image` is a kernel, everything else is another system's boot sector. */
  readonly kind: 'image' | 'other';
  readonly path: string;
  readonly line: number;
  readonly settings: Section;
  /** The lines of the image as they would be written again. */
  readonly commands: string;
}

/** A parsed config. */
export interface LiloConfig {
  readonly globals: Section;
  readonly images: readonly LiloImage[];
}

/** Keys that start an image; those with a word size are from LILO for PowerPC. */
const IMAGE_KEYS: ReadonlyMap<string, LiloImage['kind']> = new Map<string, LiloImage['kind']>([
  ['image', 'image'],
  ['image[32bit]', 'image'],
  ['image[64bit]', 'image'],
  ['other', 'other'],
]);

/** Words that may stand unquoted. */
const PLAIN = /^[^\s"\\=#]+$/;

/** A setting as it is written in the config. */
export function settingText({ key, value }: Setting): string {
  if (value === null) return key;
  return `${key} = ${PLAIN.test(value) ? value : `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`}`;
}

/** Groups settings into sections. */
export function groupSettings(settings: readonly Setting[]): LiloConfig {
  const globals: Section = new Map();
  const groups: Setting[][] = [];
  for (const setting of settings) {
    if (IMAGE_KEYS.has(setting.key)) groups.push([setting]);
    else if (groups.length === 0) globals.set(setting.key, setting.value);
    else groups[groups.length - 1]?.push(setting);
  }
  const images = groups.flatMap((group): LiloImage[] => {
    const [first, ...others] = group;
    if (first === undefined) return [];
    return [
      {
        kind: IMAGE_KEYS.get(first.key) ?? 'other',
        path: first.value ?? '',
        line: first.line,
        settings: new Map(others.map(({ key, value }) => [key, value])),
        commands: group.map(settingText).join('\n'),
      },
    ];
  });
  return { globals, images };
}

/** A value of an image, or the global one where the image has none. */
export function settingOf(image: LiloImage, globals: Section, key: string): string | null {
  return image.settings.get(key) ?? globals.get(key) ?? null;
}

/** The name that `default=` and the boot prompt know: `label=`, else the file's name. */
export function labelOf(image: LiloImage): string {
  return image.settings.get('label') ?? image.path.slice(image.path.lastIndexOf('/') + 1);
}

/**
 * The kernel's command line: `literal` alone; otherwise read-only or read-write, root, `append` (the image's own replaces
 * the global one) and `addappend`. LILO passes the number of a root device, which the guest need not have any more: the
 * name is passed instead.
 */
export function commandLineOf(image: LiloImage, globals: Section): string {
  const literal = settingOf(image, globals, 'literal');
  if (literal !== null) return literal.trim();
  const own = (key: string): boolean => image.settings.has(key);
  const words: string[] = [];
  if (own('read-only') || (globals.has('read-only') && !own('read-write'))) words.push('ro');
  else if (own('read-write') || globals.has('read-write')) words.push('rw');
  const root = settingOf(image, globals, 'root');
  if (root !== null && root !== 'current') words.push(`root=${root}`);
  const ramdisk = settingOf(image, globals, 'ramdisk');
  if (ramdisk !== null) words.push(`ramdisk=${ramdisk}`);
  for (const key of ['append', 'addappend']) {
    const text = settingOf(image, globals, key);
    if (text !== null) words.push(text.trim());
  }
  return words.filter((word) => word !== '').join(' ');
}
