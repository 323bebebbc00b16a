/** The order of versions in the UAPI group's version format specification: what sorts boot entries and kernels. */

function isDigit(c: string): boolean {
  return c >= '0' && c <= '9';
}

function isAlpha(c: string): boolean {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

function isValid(c: string): boolean {
  return isDigit(c) || isAlpha(c) || c === '~' || c === '-' || c === '^' || c === '.';
}

function skip(text: string, at: number, wanted: (c: string) => boolean): number {
  let end = at;
  while (end < text.length && wanted(text.charAt(end))) end += 1;
  return end;
}

/** A string where it has the separator comes before one where it has something else. */
const SEPARATORS = ['-', '^', '.'] as const;

function sign(difference: number): number {
  return difference < 0 ? -1 : difference > 0 ? 1 : 0;
}

/**
 * Compares two versions.
 * @returns below 0 when `a` is older than `b`, above 0 when it is newer, 0 when they are the same version
 */
export function compareVersions(a: string, b: string): number {
  let i = 0;
  let j = 0;
  for (;;) {
    i = skip(a, i, (c) => !isValid(c));
    j = skip(b, j, (c) => !isValid(c));
    // `~` marks what comes before a release: older than everything, the end included.
    if (a[i] === '~' || b[j] === '~') {
      if (a[i] !== b[j]) return a[i] === '~' ? -1 : 1;
      i += 1;
      j += 1;
    }
    if (i >= a.length || j >= b.length) return sign(a.length - i - (b.length - j));
    for (const separator of SEPARATORS) {
      if (a[i] !== separator && b[j] !== separator) continue;
      if (a[i] !== b[j]) return a[i] === separator ? -1 : 1;
      i += 1;
      j += 1;
    }
    const numeric = isDigit(a.charAt(i)) || isDigit(b.charAt(j));
    const kind = numeric ? isDigit : isAlpha;
    const endA = skip(a, i, kind);
    const endB = skip(b, j, kind);
    const order = numeric ? compareNumbers(a.slice(i, endA), b.slice(j, endB)) : compareWords(a.slice(i, endA), b.slice(j, endB));
    if (order !== 0) return order;
    i = endA;
    j = endB;
  }
}

/** Digits of any length; having a number at all is newer than having none. */
function compareNumbers(a: string, b: string): number {
  if ((a === '') !== (b === '')) return a === '' ? -1 : 1;
  const x = a.slice(skip(a, 0, (c) => c === '0'));
  const y = b.slice(skip(b, 0, (c) => c === '0'));
  return x.length !== y.length ? sign(x.length - y.length) : x < y ? -1 : x > y ? 1 : 0;
}

function compareWords(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
