/** What all that recognise a form of program share. */
import { type Problem, problemOf, TygrubError } from '../errors.js';
import type { Limits } from '../limits.js';
import type { KernelInfo, Wrapper } from './kernel-info.js';
import type { ProgramBytes } from './program-bytes.js';

/** How closely a program is looked at. */
export type Depth =
  /** From a few reads of a few bytes. */
  | 'header'
  /** The kernel is decompressed up to its notes, which tell what it can do under Xen. */
  | 'notes';

/** What a look at a program gives. */
export interface Look {
  readonly info: KernelInfo;
  /** The plain program inside: the ELF of a bzImage, what a wrapper held. Null where there is none, or nobody wants it. */
  readonly plain: ProgramBytes | null;
}

export interface Context {
  readonly limits: Limits;
  readonly depth: Depth;
  /** Whether `Look.plain` is wanted. What it takes is not even loaded otherwise, unless the notes need it. */
  readonly opens: boolean;
  readonly wrappers: readonly Wrapper[];
  /** Looks at the program in a wrapper. */
  readonly look: (program: ProgramBytes, context: Context) => Promise<Look>;
}

/** What stays the same when nothing is known. */
export const NOTHING: KernelInfo = {
  format: 'none',
  description: '',
  os: null,
  version: null,
  release: null,
  architecture: null,
  wrappers: [],
  bootProtocol: null,
  efiStub: false,
  multiboot: [],
  payload: null,
  xen: null,
  problem: null,
};

/** A failure inside of the program as a `problem`; failures of the host stay failures. */
export function problemInside(error: unknown): Problem {
  if (error instanceof TygrubError && error.kind === 'io') throw error;
  return problemOf(error);
}
