import type { ContainerFormat } from './container.js';

/** A raw disk: the file is the disk. Takes everything that no other format claims. */
export const raw: ContainerFormat = {
  name: 'raw',
  probe: async () => true,
  open: async (source) => ({ format: 'raw', description: '', disk: source, warnings: [] }),
};
