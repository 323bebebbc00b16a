/** What `vhd check` can find: for each code its severity, what it means for a running VM, and what mends it. */

/** `note`: nothing is wrong. `warning`: works, but not everywhere or not well. `error`: damage, or data at risk. */
export type Severity = 'note' | 'warning' | 'error';

/** How a finding is mended; `{image}` stands for the image's path. */
const REPAIR = 'tygrub vhd repair {image} --write';
const COPY = 'tygrub vhd copy {image} NEW.vhd --layout xcp';
const FORCED_COPY = 'tygrub vhd copy --force {image} NEW.vhd --layout xcp';

interface Kind {
  readonly severity: Severity;
  readonly meaning: string;
  readonly remedy: string | null;
}

function kind(severity: Severity, meaning: string, remedy: string | null = null): Kind {
  return { severity, meaning, remedy };
}

const NO_VM_STARTS = 'tapdisk refuses the disk: no VM starts from it';
const CUT = 'a VM gets read errors there; what was in it is lost';

const TABLE = {
  'footer.place': kind('error', 'tools that look for the footer at the end do not find this disk, or find another one', REPAIR),
  'footer.copy': kind(
    'error',
    'when the end of the file is damaged next, nothing can tell what the disk was; Xen Orchestra refuses it',
    REPAIR,
  ),
  'footer.checksum': kind('error', NO_VM_STARTS, FORCED_COPY),
  'footer.poisoned': kind(
    'error',
    `${NO_VM_STARTS}; a resize was interrupted and must be taken back`,
    'vhd-util revert -n {image} -j JOURNAL',
  ),
  'footer.short': kind('warning', 'tapdisk cannot read the last block of a file whose footer has 511 bytes', REPAIR),
  'footer.version': kind('error', NO_VM_STARTS),
  'footer.type': kind('error', NO_VM_STARTS),
  'footer.features': kind('warning', 'vhd-util refuses the disk', COPY),
  'footer.data-offset': kind('warning', 'vhd-util refuses the disk', COPY),
  'footer.timestamp': kind('warning', 'vhd-util refuses a disk that was made in the future: a clock was wrong'),
  'footer.creator': kind('warning', 'the disk was written by a later blktap than any that is known here'),
  'footer.geometry': kind('warning', 'vhd-util check refuses the disk ("geometry too large"); VMs are not affected', COPY),
  'footer.saved-state': kind('warning', 'a VM was suspended on the disk: resume it before anything else writes here'),
  'footer.hidden': kind('warning', 'vhd-util refuses the disk', COPY),
  'footer.reserved': kind('warning', 'vhd-util refuses the disk', COPY),
  'footer.uuid': kind('warning', 'vhd-util refuses the disk, and no child can name it as its parent', COPY),
  'footer.original-size': kind('warning', 'Xen Orchestra refuses the disk', COPY),
  'footer.size': kind('error', NO_VM_STARTS),
  'file.size': kind('warning', 'vhd-util refuses files that are not made of whole sectors', COPY),
  'file.slack': kind('note', 'the file is larger than its content'),
  'file.truncated': kind('error', CUT),
  'header.cookie': kind('error', NO_VM_STARTS),
  'header.checksum': kind('error', NO_VM_STARTS, FORCED_COPY),
  'header.version': kind('error', NO_VM_STARTS),
  'header.place': kind('warning', 'Xen Orchestra reads only disks whose header stands at byte 512', COPY),
  'header.data-offset': kind('warning', 'vhd-util refuses the disk', COPY),
  'header.table-offset': kind('error', NO_VM_STARTS),
  'header.block-size': kind('warning', 'blktap reads only blocks of 2 MiB rightly; with others a VM may see wrong data', COPY),
  'header.reserved': kind('warning', 'vhd-util refuses the disk', COPY),
  'header.parent-fields': kind('warning', 'vhd-util refuses a disk without parent that names one', COPY),
  'bat.reserve': kind('note', 'growing the disk beyond this moves its data, which needs the VM to be down', COPY),
  'bat.entries': kind('error', 'the last part of the disk cannot be read or written', COPY),
  'bat.metadata': kind('error', `${CUT}, and writing there would destroy the disk's own tables`, COPY),
  'bat.past-end': kind('error', CUT, COPY),
  'bat.overlap': kind('error', 'two places of the disk share the same bytes: at least one of them shows wrong data', COPY),
  'bat.truncated': kind('error', CUT, COPY),
  'block.align': kind('warning', 'each write of 4 KiB becomes a read and a write on disks with 4 KiB sectors: the VM is slower', COPY),
  'block.truncated': kind('error', CUT, COPY),
  'block.truncated-unused': kind(
    'warning',
    'only sectors that were never written were cut off; tapdisk and qemu may still refuse the disk',
    COPY,
  ),
  'block.hidden-data': kind('warning', 'programs that ignore the block bitmaps show a VM what another one left behind', COPY),
  'batmap.missing': kind('note', 'blktap works without the batmap, but reads each bitmap before it writes'),
  'batmap.version': kind('warning', 'vhd-util refuses the disk', COPY),
  'batmap.checksum': kind('warning', 'blktap does not use the batmap; vhd-util check refuses the disk', COPY),
  'batmap.range': kind('error', NO_VM_STARTS, COPY),
  'batmap.block': kind('error', 'blktap believes that a block is written that does not exist: a VM may see wrong data', COPY),
  'locator.names': kind('warning', 'after the disk is moved, blktap may not find its parent', 'vhd-util modify -n {image} -p PARENT'),
  'locator.damaged': kind('warning', 'vhd-util refuses the disk; blktap may not find its parent', 'vhd-util modify -n {image} -p PARENT'),
  'parent.missing': kind('error', 'without its parent the disk cannot be used'),
  'parent.uuid': kind('error', "what lies in the parent's place is another disk: a VM would see a mixture of both"),
  'parent.cycle': kind('error', 'the disk has no beginning: blktap never gets through its chain'),
  'parent.damaged': kind('error', 'without its parent the disk cannot be used'),
  'parent.timestamp': kind('warning', 'vhd-util refuses a disk whose parent was changed in the future: a clock was wrong'),
  'parent.raw': kind('note', 'a raw parent has no UUID: nothing tells whether it is the right one'),
  'lv.size': kind('warning', "the volume is not as Xen's storage manager makes it", COPY),
  'disk.fixed': kind('note', 'vhd-util and Xen Orchestra cannot read fixed disks; tapdisk and qemu can'),
  'disk.encrypted': kind('note', 'only blktap with the right key reads the disk'),
  'disk.unreadable': kind('error', NO_VM_STARTS),
  'folder.block': kind('error', CUT),
} as const satisfies Readonly<Record<string, Kind>>;

/** The codes, stable from now on. */
export type FindingCode = keyof typeof TABLE;

/** All codes with what they mean, for documentation. */
export const FINDING_KINDS: ReadonlyMap<string, Kind> = new Map(Object.entries(TABLE));

/** One thing that `vhd check` found. */
export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** The file of the chain that it was found in. */
  readonly path: string;
  /** What was found, with the values. */
  readonly message: string;
  /** What it means for a running VM. */
  readonly meaning: string;
  /** The command that mends it; null when no command does. */
  readonly remedy: string | null;
  /** Byte offset in the file; null where there is none. */
  readonly offset: number | null;
}

/** Collects the findings of one file. */
export class Findings {
  readonly list: Finding[] = [];

  /** @param command the path as a word for a shell */
  constructor(
    readonly path: string,
    private readonly command: string,
  ) {}

  /** Adds a finding; severity and remedy are the code's own unless given. */
  add(code: FindingCode, message: string, offset: number | null = null, severity?: Severity, remedy?: string | null): void {
    const row: Kind = TABLE[code];
    const mend = remedy === undefined ? row.remedy : remedy;
    this.list.push({
      code,
      severity: severity ?? row.severity,
      path: this.path,
      message,
      meaning: row.meaning,
      remedy: mend === null ? null : mend.replaceAll('{image}', () => this.command),
      offset,
    });
  }
}
