/** What a bzImage is, in the words that are used for all kernels. */
import type { KernelInfo } from '../kernel-info.js';
import { type Context, type Look, NOTHING, problemInside } from '../look.js';
import { describeLinux, osOfSetup, osOfVersion } from '../operating-system.js';
import type { ProgramBytes } from '../program-bytes.js';
import { checkAnnouncedSize, readBzImage } from './index.js';

/**
 * Describes a bzImage. What only unpacking it takes is loaded when it is unpacked: a VM's start looks at the header alone.
 * @param head the first bytes, with the header
 */
export async function lookAtBzImage(program: ProgramBytes, head: Uint8Array, context: Context): Promise<Look> {
  const image = await readBzImage(program, head);
  const os = osOfVersion(image.version, image.compression !== null || image.payload?.compression === 'none') ?? osOfSetup(head);
  const info: KernelInfo = {
    ...NOTHING,
    format: 'bzImage',
    description: describeLinux(os, image.version, `x86 bzImage, protocol ${image.protocol}`),
    os,
    version: image.version,
    release: os === 'linux' ? (image.version?.split(' ', 1)[0] ?? null) : null,
    architecture: image.is64Bit === null ? null : image.is64Bit ? 'x86_64' : 'x86_32',
    wrappers: context.wrappers,
    bootProtocol: image.protocol,
    efiStub: image.efiStub,
    payload: image.payload,
    problem: image.problem,
  };
  if (image.payload === null || (image.compression === null && image.payload.compression === null)) return { info, plain: null };
  let plain: ProgramBytes;
  try {
    checkAnnouncedSize(image.payload, context.limits);
    if (context.depth === 'header' && !context.opens) return { info, plain: null };
    const { payloadBytes } = await import('./payload.js');
    plain = payloadBytes(program, image, context.limits);
  } catch (error) {
    return { info: { ...info, problem: problemInside(error) }, plain: null };
  }
  if (context.depth === 'header') return { info, plain };
  try {
    const [{ readXenSupport }, { ELF_MACHINES }] = await Promise.all([import('../xen/support.js'), import('../elf/layout.js')]);
    const { support, header } = await readXenSupport(plain, context.limits);
    // The notes know the width better than a header of an old protocol.
    return { info: { ...info, xen: support, architecture: info.architecture ?? ELF_MACHINES.get(header.machine) ?? null }, plain };
  } catch (error) {
    return { info: { ...info, problem: problemInside(error) }, plain };
  }
}
