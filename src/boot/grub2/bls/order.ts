/** The order of `blscfg`'s entries: Red Hat's comparison of names, versions and releases, and upstream's of file names. */

const isDigit = (c: string): boolean => c >= '0' && c <= '9' && c.length === 1;
const isAlpha = (c: string): boolean => (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

/** The end of the run of characters that starts at `at`. */
function runEnd(text: string, at: number, belongs: (c: string) => boolean): number {
  let end = at;
  while (end < text.length && belongs(text.charAt(end))) end += 1;
  return end;
}

function withoutZeros(text: string): string {
  let at = 0;
  while (text.charAt(at) === '0') at += 1;
  return text.slice(at);
}

/**
 * RPM's version order as Red Hat's GRUB has it: segments of digits or letters; `~` is below everything, `+` above the
 * same text without it but below other characters.
 * @returns negative, 0 or positive
 */
export function compareRpmVersions(a: string, b: string): number {
  if (a === b) return 0;
  const separates = (c: string): boolean => !isDigit(c) && !isAlpha(c) && c !== '~' && c !== '+';
  let one = 0;
  let two = 0;
  while (one < a.length || two < b.length) {
    one = runEnd(a, one, separates);
    two = runEnd(b, two, separates);
    const [c, d] = [a.charAt(one), b.charAt(two)];
    if (c === '~' || d === '~') {
      if (c !== d) return c === '~' ? -1 : 1;
      one += 1;
      two += 1;
      continue;
    }
    if (c === '+' || d === '+') {
      if (c === '') return -1;
      if (d === '') return 1;
      if (c !== d) return c === '+' ? -1 : 1;
      one += 1;
      two += 1;
      continue;
    }
    if (c === '' || d === '') break;
    const numeric = isDigit(c);
    const belongs = numeric ? isDigit : isAlpha;
    const [oneEnd, twoEnd] = [runEnd(a, one, belongs), runEnd(b, two, belongs)];
    if (twoEnd === two) return numeric ? 1 : -1;
    let [first, second] = [a.slice(one, oneEnd), b.slice(two, twoEnd)];
    if (numeric) {
      [first, second] = [withoutZeros(first), withoutZeros(second)];
      if (first.length !== second.length) return first.length - second.length;
    }
    if (first !== second) return first < second ? -1 : 1;
    one = oneEnd;
    two = twoEnd;
  }
  return (one < a.length ? 1 : 0) - (two < b.length ? 1 : 0);
}

/** An id in three: what stands after the last `-`, after the one before it, and the rest. */
function packageParts(id: string): [string, string, string] {
  const last = id.lastIndexOf('-');
  if (last < 0) return [id, '', ''];
  const rest = id.slice(0, last);
  const before = rest.lastIndexOf('-');
  return before < 0 ? [rest, '', id.slice(last + 1)] : [rest.slice(0, before), rest.slice(before + 1), id.slice(last + 1)];
}

/** Red Hat's order of ids: name, then version, then release, each as RPM orders versions. */
export function compareRedHatIds(a: string, b: string): number {
  const [first, second] = [packageParts(a), packageParts(b)];
  for (const i of [0, 1, 2] as const) {
    const order = compareRpmVersions(first[i], second[i]);
    if (order !== 0) return order;
  }
  return 0;
}

/** Where the suffixes (`.conf`, `.tar.gz`) of a file name start. */
function suffixStart(name: string): number {
  let start = name.length;
  for (let end = name.length; ; ) {
    const from = name.lastIndexOf('.', end - 1);
    if (from <= 0) return start;
    const suffix = name.slice(from + 1, end);
    const fits =
      suffix !== '' &&
      (isAlpha(suffix.charAt(0)) || suffix.startsWith('~')) &&
      [...suffix].every((c) => isAlpha(c) || isDigit(c) || c === '~');
    if (!fits) return start;
    start = from;
    end = from;
  }
}

function weight(c: string): number {
  if (c === '' || isDigit(c)) return 0;
  if (isAlpha(c)) return c.charCodeAt(0);
  return c === '~' ? -1 : c.charCodeAt(0) + 256;
}

function compareVersionText(a: string, b: string): number {
  let one = 0;
  let two = 0;
  while (one < a.length || two < b.length) {
    while ((one < a.length && !isDigit(a.charAt(one))) || (two < b.length && !isDigit(b.charAt(two)))) {
      const difference = weight(a.charAt(one)) - weight(b.charAt(two));
      if (difference !== 0) return difference;
      one += 1;
      two += 1;
    }
    const [oneEnd, twoEnd] = [runEnd(a, one, isDigit), runEnd(b, two, isDigit)];
    const [first, second] = [withoutZeros(a.slice(one, oneEnd)), withoutZeros(b.slice(two, twoEnd))];
    if (first.length !== second.length) return first.length - second.length;
    if (first !== second) return first < second ? -1 : 1;
    one = oneEnd;
    two = twoEnd;
  }
  return 0;
}

/** GNU's order of file names with versions, which upstream's `blscfg` uses. */
export function compareFileVersions(a: string, b: string): number {
  if (a === b) return 0;
  const [hiddenA, hiddenB] = [a.startsWith('.'), b.startsWith('.')];
  if (hiddenA !== hiddenB) return hiddenA ? -1 : 1;
  const [first, second] = [a.slice(0, suffixStart(a)), b.slice(0, suffixStart(b))];
  const order = first === second ? compareVersionText(a, b) : compareVersionText(first, second);
  return order !== 0 ? order : a < b ? -1 : 1;
}
