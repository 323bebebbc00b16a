/** `tygrub vhd ...`: commands about a VHD itself, for people who move VHDs between files and volumes. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { COPY_LAYOUTS } from '../disk/vhd-writer/index.js';
import { addReadOptions, parseLimit, parseSize, type ReadOptions } from './options.js';
import type { CheckCommandOptions } from './vhd-check.js';
import type { CopyCommandOptions } from './vhd-copy.js';
import type { MapCommandOptions } from './vhd-map.js';
import type { RepairCommandOptions } from './vhd-repair.js';

const MAX_WIDTH = 1024;

function parseWidth(text: string): number {
  const width = Number(text);
  if (!Number.isInteger(width) || width < 1 || width > MAX_WIDTH)
    throw new InvalidArgumentError(`a whole number from 1 to ${MAX_WIDTH} is expected`);
  return width;
}

/**
 * Adds the `vhd` commands to the program; their code is loaded when they run.
 * @param setStatus called with the exit status where it is not 0
 */
export function registerVhdCommands(program: Command, setStatus: (status: number) => void): Command {
  const vhd = program.command('vhd').description('about a VHD itself: what it says, what is wrong with it, where its data are');

  addReadOptions(vhd.command('info'))
    .description('show all that footer, header and parent locators say, and the chain of parents')
    .argument('<image>', 'a VHD, a volume that holds one, or a VHD folder of Xen Orchestra')
    .option('--json', 'for programs')
    .addHelpText('after', '\nExamples:\n  tygrub vhd info disk.vhd\n  tygrub vhd info --json /dev/VG_XenStorage-1/VHD-2')
    .action(async (image: string, options: ReadOptions & { json?: boolean }) =>
      setStatus(await (await import('./vhd-info.js')).runVhdInfo(image, options)),
    );

  addReadOptions(vhd.command('check'))
    .description('test the VHD for everything that vhd-util, Xen Orchestra and a Xen host mind')
    .argument('<image>', 'a VHD, a volume that holds one, or a VHD folder of Xen Orchestra')
    .option('--chain', 'check the parents as well')
    .option('--data', 'read all bitmaps, and look for data under clear bits (slow)')
    .option('--lv', 'judge a file as the content of a logical volume')
    .option('--json', 'for programs')
    .addHelpText(
      'after',
      '\nExit status:\n  0 clean   1 findings   5 damaged   (others as for every command)\n\nExamples:\n  tygrub vhd check disk.vhd\n  tygrub vhd check --chain --json leaf.vhd',
    )
    .action(async (image: string, options: CheckCommandOptions) =>
      setStatus(await (await import('./vhd-check.js')).runVhdCheck(image, options)),
    );

  addReadOptions(vhd.command('map'))
    .description('draw which parts of the disk are stored, in which file of the chain')
    .argument('<image>', 'a VHD, a volume that holds one, or a VHD folder of Xen Orchestra')
    .option('--svg <file>', 'write the picture to a new SVG file')
    .option('--width <cells>', 'signs (or squares) in a row (default: 64)', parseWidth)
    .option('--json', 'for programs')
    .addHelpText('after', '\nExamples:\n  tygrub vhd map disk.vhd\n  tygrub vhd map leaf.vhd --svg leaf.svg')
    .action(async (image: string, options: MapCommandOptions) => setStatus(await (await import('./vhd-map.js')).runVhdMap(image, options)));

  const copy = addReadOptions(vhd.command('copy'))
    .description('write the virtual disk of any readable source into a new VHD, or a raw disk')
    .argument('<source>', 'a disk in any container, with its parents; a VHD folder of Xen Orchestra')
    .argument('<dest>', 'a new file, a block device, or an empty file of the size that the volume is to have')
    .addOption(new Option('--layout <layout>', 'how the copy is laid out').choices([...COPY_LAYOUTS]).default('xcp'))
    .option('--max-size <size>', 'xcp: how far the disk can grow later without moving data (default: 2T)', parseSize)
    .option('--new-uuid', 'a new UUID also for the copy of a VHD without parents, which otherwise keeps its own')
    .option('--volume', 'the destination is a file that keeps its size: the footer goes to its last sector')
    .option('--verify', 'read the copy back and compare it')
    .option('--sync', 'wait until a new file would survive a power failure (for volumes and replaced files always so)')
    .option('--json', 'for programs')
    .addHelpText(
      'after',
      '\nExamples:\n  tygrub vhd copy disk.qcow2 disk.vhd\n  tygrub vhd copy leaf.vhd /dev/VG_XenStorage-1/VHD-2 --verify\n  tygrub vhd copy disk.vhd disk.raw --layout raw',
    )
    .action(async (source: string, dest: string, options: CopyCommandOptions) =>
      setStatus(await (await import('./vhd-copy.js')).runVhdCopy(source, dest, options)),
    );
  for (const option of copy.options) {
    if (option.long === '--force') option.description = 'replace DEST, or what is on it; go on where a checksum of the source is wrong';
  }

  vhd
    .command('repair')
    .description('put the footer where it belongs, and mend its copy at offset 0; without --write it only says what it would do')
    .argument('<image>', 'a VHD, or a volume that holds one')
    .option('--size <bytes>', 'the size that the file or volume has or will have: the footer goes to its last sector', parseSize)
    .option('--write', 'do it; what is replaced is kept in a backup file')
    .option('--backup <file>', 'the backup file, which must not exist (default: IMAGE.tygrub-backup)')
    .option('--restore <file>', 'put back what an earlier repair replaced, from its backup file')
    .option('--json', 'for programs')
    .option('--limit <name=value>', 'change a bound of src/limits.ts, such as footerScan=64G (repeatable)', parseLimit)
    .option('--quiet', 'no warnings')
    .addHelpText(
      'after',
      '\nExamples:\n  tygrub vhd repair disk.vhd                       what would be written\n  tygrub vhd repair disk.vhd --write\n  tygrub vhd repair /dev/VG_XenStorage-1/VHD-2 --write --backup /root/VHD-2.backup\n  tygrub vhd repair disk.vhd --restore disk.vhd.tygrub-backup --write',
    )
    .action(async (image: string, options: RepairCommandOptions) =>
      setStatus(await (await import('./vhd-repair.js')).runVhdRepair(image, options)),
    );
  return vhd;
}
