/** LVM2: volume groups and their logical volumes, named as GRUB names them (`lvm/VG-LV`, `lvmid/VG-UUID/LV-UUID`). */
import type { VolumeManager } from '../volume.js';
import { hasLabel } from './label.js';

/** Recognises members; what puts them together is loaded when there are some. */
export const lvm: VolumeManager = {
  name: 'lvm',
  probe: hasLabel,
  assemble: async (members, limits) => (await import('./assemble.js')).assembleLvm(members, limits),
};
