/**
 * The one error class of tygrub. Every failure that a disk, a host or a caller can cause is a `TygrubError`; anything
 * else that is thrown is a bug in tygrub itself.
 */

/** What sort of failure it is; a program's exit status depends on this and on nothing else. */
export type ErrorKind =
  /** The disk contradicts its own format. */
  | 'corrupt'
  /** Valid, but a feature that tygrub does not read; the message names the feature. */
  | 'unsupported'
  /** No such volume, filesystem, config, entry or file; the message says where it was looked for. */
  | 'not-found'
  /** A bound of `src/limits.ts` was reached; the message names it. */
  | 'limit'
  /** The host failed: a file could not be opened, read or written. */
  | 'io'
  /** The caller asked for something impossible. */
  | 'usage';

/** Where and why, beside the message. */
export interface ErrorDetails {
  /** Byte offset in the source that the failing reader was given, where there is one. */
  readonly offset?: number;
  /** What the reader of the message can do next, as a sentence without a final full stop. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** What else was tried before this failure became final, each with the reason it failed. */
  readonly attempts?: readonly string[];
}

/**
 * Every failure that tygrub tells: what went wrong (`code`, stable), of which kind, where on the disk (`offset`, in bytes of the
 * source that was read), and what to do about it (`hint`).
 */
export class TygrubError extends Error {
  override readonly name = 'TygrubError';
  readonly kind: ErrorKind;
  /** Stable, `format.what-is-wrong` in lower case with dashes, e.g. `vhd.footer-checksum`, `ext.incompat-feature`. */
  readonly code: string;
  readonly offset: number | undefined;
  readonly hint: string | undefined;
  readonly attempts: readonly string[];

  constructor(kind: ErrorKind, code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.code = code;
    this.offset = details.offset;
    this.hint = details.hint;
    this.attempts = details.attempts ?? [];
  }

  /** The message for a person, on one line: what, where (byte offset), what to do. */
  get summary(): string {
    const where = this.offset === undefined ? '' : ` (at byte ${this.offset})`;
    const tried = this.attempts.length === 0 ? '' : `; tried: ${this.attempts.join('; ')}`;
    const hint = this.hint === undefined ? '' : `; ${this.hint}`;
    return `${this.message}${where}${tried}${hint}`;
  }
}

/** The disk contradicts its own format. `code` starts with the format's name. */
export function corrupt(code: string, message: string, details?: ErrorDetails): TygrubError {
  return new TygrubError('corrupt', code, message, details);
}

/** Valid on the disk, but not read by tygrub; `message` names the feature. */
export function unsupported(code: string, message: string, details?: ErrorDetails): TygrubError {
  return new TygrubError('unsupported', code, message, details);
}

/** Looked for and not there; `message` says where. */
export function notFound(code: string, message: string, details?: ErrorDetails): TygrubError {
  return new TygrubError('not-found', code, message, details);
}

/** A bound was reached. `limitName` is the field of `Limits`, which the message names. */
export function limitReached(limitName: string, message: string, details?: ErrorDetails): TygrubError {
  return new TygrubError('limit', `limit.${limitName}`, `${message} (limit ${limitName})`, details);
}

/** The host failed. */
export function ioError(code: string, message: string, details?: ErrorDetails): TygrubError {
  return new TygrubError('io', code, message, details);
}

/** The caller asked for something impossible. */
export function usageError(code: string, message: string, details?: ErrorDetails): TygrubError {
  return new TygrubError('usage', code, message, details);
}

/** Something that is wrong but did not stop the work. `code` as in `TygrubError`. */
export interface Warning {
  readonly code: string;
  readonly message: string;
  readonly offset?: number;
  readonly hint?: string;
}

/** The failure as a plain value for JSON (`problem` fields); an error that is not ours is rethrown, never hidden. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  /** What sort of failure it was; absent where nothing failed: a volume that holds no filesystem, an entry that boots no kernel. */
  readonly kind?: ErrorKind;
}

/** From what the host and the disk did to what they merely lack. */
const GRAVEST_FIRST: readonly ErrorKind[] = ['io', 'limit', 'corrupt', 'unsupported', 'not-found', 'usage'];

/**
 * What a search that found nothing failed of, so that a damaged disk is not reported as an empty one.
 * @param kinds of the failures on the way; `undefined` for places where nothing failed and nothing was
 */
export function gravest(kinds: readonly (ErrorKind | undefined)[]): ErrorKind {
  return GRAVEST_FIRST.find((kind) => kinds.includes(kind)) ?? 'not-found';
}

/**
 * Turns a caught value into a `Problem`.
 * @throws the value itself when it is not a `TygrubError`: that is a bug and must stay visible.
 */
export function problemOf(error: unknown): Problem {
  if (error instanceof TygrubError) return { code: error.code, message: error.summary, kind: error.kind };
  throw error;
}
