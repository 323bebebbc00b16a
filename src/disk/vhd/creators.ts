/** The programs that write VHDs, by the four letters that they leave in the footer. */

/** A creator as people know it. */
const CREATORS: ReadonlyMap<string, string> = new Map([
  ['vpc ', 'Virtual PC'],
  ['vs  ', 'Virtual Server'],
  ['win ', 'Windows or Hyper-V'],
  ['qemu', 'qemu-img'],
  ['qem2', 'qemu-img (exact size)'],
  ['d2v ', 'Disk2vhd'],
  ['d2v\0', 'Disk2vhd'],
  ['tap\0', 'blktap (XCP, XenServer)'],
  ['CTXS', 'Citrix XenConvert'],
  ['caml', 'XAPI'],
  ['xo  ', 'Xen Orchestra'],
  ['vbox', 'VirtualBox'],
  ['tygr', 'tygrub'],
]);

/** The name of a creator; null for one that is not known. */
export function creatorName(application: string): string | null {
  return CREATORS.get(application) ?? null;
}
