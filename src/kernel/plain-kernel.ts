/** The plain kernel out of whatever it is packed in, for hosts whose Xen cannot unpack it. */
import { unsupported } from '../errors.js';
import { DEFAULT_LIMITS, type Limits } from '../limits.js';
import type { ByteSource } from '../source/byte-source.js';
import { lookAt } from './identify.js';
import type { KernelInfo } from './kernel-info.js';

/** A kernel without its packing. */
export interface PlainKernel {
  readonly info: KernelInfo;
  /** False where the file was plain already: `stream` gives it as it is. */
  readonly changed: boolean;
  /** Bytes, where something announces them; what comes out is held to it. */
  readonly size: number | null;
  /** The bytes, in order. @throws TygrubError corrupt, limit (`decompressedSize`, `decompressorWindow`) */
  stream(): AsyncGenerator<Uint8Array>;
}

/**
 * Unpacks a kernel: the ELF in a bzImage, the Image in a compressed file or a zboot program, the kernel of a unified image.
 * @throws TygrubError unsupported `kernel.not-unpackable` for what is no kernel; corrupt, limit
 */
export async function plainKernel(source: ByteSource, limits: Limits = DEFAULT_LIMITS): Promise<PlainKernel> {
  const { info, plain } = await lookAt(source, { limits, depth: 'header' });
  if (plain === null) {
    const why = info.problem === null ? info.description : `${info.description}: ${info.problem.message}`;
    throw unsupported('kernel.not-unpackable', `there is no kernel to take out: ${why}`);
  }
  await plain.close();
  return { info, changed: plain.source !== source, size: plain.size, stream: () => plain.stream() };
}
