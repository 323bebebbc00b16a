/** VMDK (VMware's "Virtual Disk Format 5.0"), read-only: recognised here, opened by `open.ts`, which is loaded then. */
import { decodeLatin1 } from '../../bytes/text.js';
import type { ContainerFormat } from '../container.js';
import { COWD_MAGIC, DESCRIPTOR_START, SPARSE_MAGIC } from './layout.js';

export const vmdk: ContainerFormat = {
  name: 'vmdk',
  async probe(source) {
    const start = decodeLatin1(await source.read(0, Math.min(source.size, DESCRIPTOR_START.length)));
    return start.startsWith(SPARSE_MAGIC) || start.startsWith(COWD_MAGIC) || start === DESCRIPTOR_START;
  },
  open: async (source, options) => (await import('./open.js')).openVmdk(source, options),
};
