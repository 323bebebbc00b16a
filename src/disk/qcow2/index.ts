/** qcow2, versions 2 and 3 (QEMU, docs/interop/qcow2.rst), read-only: recognised here, opened by `open.ts`, which is loaded then. */
import type { ContainerFormat } from '../container.js';
import { HEADER, HEADER_MAGIC, MAGIC } from './layout.js';

/** Images of QEMU, with their backing files. */
export const qcow2: ContainerFormat = {
  name: 'qcow2',
  probe: async (source) => source.size >= HEADER.size && HEADER_MAGIC.decode(await source.read(0, HEADER_MAGIC.size)).magic === MAGIC,
  open: async (source, options, openNested) => (await import('./open.js')).openQcow2(source, options, openNested),
};
