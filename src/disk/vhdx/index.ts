/** VHDX (MS-VHDX), read-only: recognised here, opened by `open.ts`, which is loaded then. */
import type { ContainerFormat } from '../container.js';
import { FILE_SIGNATURE, FILE_TYPE_IDENTIFIER } from './layout.js';

export const vhdx: ContainerFormat = {
  name: 'vhdx',
  async probe(source) {
    if (source.size < FILE_TYPE_IDENTIFIER.size) return false;
    return FILE_TYPE_IDENTIFIER.decode(await source.read(0, FILE_TYPE_IDENTIFIER.size)).signature === FILE_SIGNATURE;
  },
  open: async (source, options, openNested) => (await import('./open.js')).openVhdx(source, options, openNested),
};
