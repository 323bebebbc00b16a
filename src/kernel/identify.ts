/** Says what a kernel is: from a few bytes, and with its notes when they are asked for. */
import { DEFAULT_LIMITS, type Limits } from '../limits.js';
import type { ByteSource } from '../source/byte-source.js';
import { isBzImage } from './bzimage/index.js';
import { lookAtBzImage } from './bzimage/look.js';
import type { KernelInfo } from './kernel-info.js';
import type { Context, Depth, Look } from './look.js';
import { type ProgramBytes, plainBytes } from './program-bytes.js';

/** How much is found out. */
export interface IdentifyOptions {
  readonly limits?: Limits;
  /** `notes` by default. */
  readonly depth?: Depth;
}

/** First bytes that all headers lie in, but for multiboot's. */
const HEAD = 4096;

/**
 * Identifies a kernel, or what was given as one. What cannot be read inside of it is told in `problem`; only failures of
 * the source itself are thrown.
 * @throws TygrubError io, and what the source throws
 */
export async function identifyKernel(source: ByteSource, options: IdentifyOptions = {}): Promise<KernelInfo> {
  const { info, plain } = await look(plainBytes(source), contextOf(options, false));
  await plain?.close();
  return info;
}

/** As `identifyKernel`, with the plain program inside; the caller closes it. */
export async function lookAt(source: ByteSource, options: IdentifyOptions = {}): Promise<Look> {
  return look(plainBytes(source), contextOf(options, true));
}

function contextOf({ limits = DEFAULT_LIMITS, depth = 'notes' }: IdentifyOptions, opens: boolean): Context {
  return { limits, depth, opens, wrappers: [], look };
}

/** bzImages are EFI programs as well, and what nearly all guests have: what recognises the rest is loaded when it is needed. */
async function look(program: ProgramBytes, context: Context): Promise<Look> {
  const head = await program.readUpTo(0, HEAD);
  if (isBzImage(head)) return lookAtBzImage(program, head, context);
  const { lookAtOther } = await import('./other-programs.js');
  return lookAtOther(program, head, context);
}
