/** `tygrub kernel`: what a kernel or an initrd is, on a disk or on the host. */
import type { Command } from 'commander';
import { addBootOptions } from './kernel-options.js';
import type { KernelCommandOptions } from './kernel-report.js';
import { addReadOptions } from './options.js';

/** Adds the command to the program. */
export function registerKernelCommand(program: Command): void {
  const command = program.command('kernel');
  addBootOptions(addReadOptions(command))
    .description('say what a kernel or an initrd is, and whether Xen can start it')
    .argument('<what>', 'a file on the host, or IMAGE:PATH for a file in a disk image')
    .option('--volume <volume>', "with IMAGE:PATH: a volume's name, a filesystem's UUID or label (default: the only filesystem)")
    .option('--header', 'read the header only: nothing is decompressed')
    .option('--json', 'for programs')
    .addHelpText(
      'after',
      '\nExamples:\n  tygrub kernel disk.vhd:/boot/vmlinuz-6.1.0-50-amd64\n  tygrub kernel --json --xen 4.14 --boot pv vmlinuz\n  tygrub kernel disk.vhd:/boot/initrd.img-6.1.0-50-amd64',
    )
    .action(async (what: string, options: KernelCommandOptions) => (await import('./kernel-report.js')).runKernel(what, options));
}
