/** The command line of `tygrub`. */
import { Command, Option } from 'commander';
import type { CopyCommandOptions } from './cat-cp.js';
import type { ExplainOptions } from './explain.js';
import type { ExtractCommandOptions } from './extract.js';
import { registerKernelCommand } from './kernel.js';
import { addKernelOptions, type KernelOptions } from './kernel-options.js';
import type { FileOptions, ListOptions } from './ls.js';
import { registerMenuCommand } from './menu.js';
import { addMenuOptions, addReadOptions, type MenuOptions } from './options.js';
import { registerVhdCommands } from './vhd.js';

const STATUSES = `
Exit status:
  0 success   1 findings (vhd check)   2 usage   3 not found   4 unsupported
  5 corrupt disk   6 limit reached   7 input/output   8 menu left, nothing booted`;

/**
 * Builds the program. Commands load their code when they run.
 * @param setStatus called with an exit status where a command succeeded only in part
 */
export function makeProgram(version: string, setStatus: (status: number) => void): Command {
  const program = new Command('tygrub')
    .description('From a virtual disk to a kernel, an initrd and a command line: nothing is mounted, nothing on the disk is trusted.')
    .version(version, '-V, --version')
    .addHelpText(
      'after',
      `
Examples:
  tygrub list disk.vhd                              the boot menu, the default marked
  tygrub extract disk.vhd --output-directory out    kernel and initrd of the default entry
  tygrub extract disk.vhd --entry '1>0'             of the first entry of the second menu row
  tygrub inspect disk.vhd                           container, partitions, filesystems
  tygrub cp disk.vhd /boot/grub/grub.cfg .          a file out of the disk
${STATUSES}`,
    );

  addKernelOptions(addMenuOptions(program.command('list')))
    .description('show the boot menu')
    .argument('<image...>', "disk images or block devices, the guest's first disk first")
    .option('--json', 'for programs')
    .addHelpText('after', '\nExamples:\n  tygrub list disk.vhd\n  tygrub list --json disk0.vhd disk1.vhd')
    .action(async (images: string[], options: MenuOptions & KernelOptions & { json?: boolean }) =>
      (await import('./list.js')).runList(images, options),
    );

  addKernelOptions(addMenuOptions(program.command('extract')))
    .description('write kernel and initrd of an entry into a directory, as new files named kernel and initrd')
    .argument('<image...>', 'disk images or block devices')
    .option('--entry <entry>', 'index, title, id or path of the entry (default: what the boot loader would boot)')
    .option('--output-directory <dir>', 'where the files go, made if it is not there (default: here)')
    .option('--decompress', "write the plain kernel, for a host whose Xen cannot unpack the guest's")
    .option('--json', 'for programs')
    .addHelpText(
      'after',
      "\nExamples:\n  tygrub extract disk.vhd --output-directory out\n  tygrub extract disk.vhd --entry 'Advanced options>1' --json",
    )
    .action(async (images: string[], options: ExtractCommandOptions) => (await import('./extract.js')).runExtract(images, options));

  addKernelOptions(addMenuOptions(program.command('inspect')))
    .description('show container, partitions, filesystems and boot configs')
    .argument('<image...>', 'disk images or block devices')
    .option('--json', 'for programs')
    .addHelpText('after', '\nExample:\n  tygrub inspect disk.vhd')
    .action(async (images: string[], options: MenuOptions & KernelOptions & { json?: boolean }) =>
      (await import('./inspect.js')).runInspect(images, options),
    );

  addMenuOptions(program.command('explain'))
    .description('tell how the boot config and the default entry were chosen, and what an entry loads')
    .argument('<image...>', 'disk images or block devices')
    .option('--entry <entry>', 'index, title, id or path of the entry (default: what the boot loader would boot)')
    .option('--json', 'for programs')
    .addHelpText('after', '\nExample:\n  tygrub explain disk.vhd')
    .action(async (images: string[], options: ExplainOptions) => (await import('./explain.js')).runExplain(images, options));

  registerKernelCommand(program);

  addFileCommand(program.command('ls'))
    .description('list files in the image')
    .argument('[path...]', 'paths in the image (default: /)')
    .option('-R, --recursive', 'everything below the path')
    .option('-l, --long', 'mode, owner, size and time as well')
    .addOption(new Option('--sha256', 'with --json: the SHA-256 of each regular file'))
    .addHelpText('after', '\nExamples:\n  tygrub ls disk.vhd /boot\n  tygrub ls -R --json --sha256 disk.vhd / --volume msdos1')
    .action(async (image: string, paths: string[], options: ListOptions) => {
      if ((await (await import('./ls.js')).runLs(image, paths, options)) > 0) setStatus(5);
    });

  addFileCommand(program.command('stat'))
    .description('show what the filesystem knows about files')
    .argument('<path...>', 'paths in the image')
    .addHelpText('after', '\nExample:\n  tygrub stat disk.vhd /boot/vmlinuz-6.1.0-9-amd64')
    .action(async (image: string, paths: string[], options: FileOptions) => (await import('./ls.js')).runStat(image, paths, options));

  addFileCommand(program.command('cat'))
    .description('write files to standard output')
    .argument('<path...>', 'paths in the image')
    .addHelpText('after', '\nExample:\n  tygrub cat disk.vhd /boot/grub/grub.cfg')
    .action(async (image: string, paths: string[], options: FileOptions) => (await import('./cat-cp.js')).runCat(image, paths, options));

  addFileCommand(program.command('cp'))
    .description('copy files out of the image; the last path is the destination on the host')
    .argument('<path...>', 'paths in the image, then the destination')
    .option('-r, --recursive', 'directories and links as well')
    .addHelpText('after', '\nExamples:\n  tygrub cp disk.vhd /boot/grub/grub.cfg .\n  tygrub cp -r disk.vhd /boot copy-of-boot')
    .action(async (image: string, paths: string[], options: CopyCommandOptions) => {
      if ((await (await import('./cat-cp.js')).runCp(image, paths, options)) > 0) setStatus(5);
    });
  registerMenuCommand(program, setStatus);
  registerVhdCommands(program, setStatus);
  return program;
}

function addFileCommand(command: Command): Command {
  return addReadOptions(command)
    .argument('<image>', 'disk image or block device')
    .option('--volume <volume>', "a volume's name, a filesystem's UUID or label (default: the only filesystem)")
    .option('--disk <image>', 'a further disk of the guest (repeatable)', (value: string, before: string[] | undefined) => [
      ...(before ?? []),
      value,
    ])
    .option('--json', 'for programs');
}
