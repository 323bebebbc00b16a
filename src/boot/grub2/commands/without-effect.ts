/** Commands that matter to nobody but a screen, a keyboard or the firmware: they succeed, or fail, and change nothing. */
import { openFile } from '../files.js';
import { Status } from '../status.js';
import type { Command } from './command.js';
import { TEST } from './test.js';

const SUCCEED =
  'acpi authenticate background_color background_image badram blocklist cat clear cls cpuid crc cryptomount cutmem date ' +
  'devicetree distrust drivemap dump echo efivar gettext gptsync hashsum hdparm help hexdump keymap list_trusted ' +
  'loadfont loopback ls lsacpi lsefi lsefimmap lsefisystab lsfonts lsmmap lsmod lspci lssal md5sum nativedisk ' +
  'net_add_addr net_add_dns net_add_route net_bootp net_bootp6 net_del_addr net_del_dns net_del_route net_dhcp ' +
  'net_ipv6_autoconf net_ls_addr net_ls_cards net_ls_dns net_ls_routes net_nslookup outb outl outw parttool partnew play ' +
  'read rmmod sendkey serial setpci sha1sum sha256sum sha512sum sleep smbios spkmodem terminal_input terminal_output ' +
  'terminfo time trust uppermem vbeinfo vbetest verify_detached videoinfo videotest write_byte write_dword write_word ' +
  'wrmsr zfs-bootfs zfsinfo zfskey';

const silent: Command = { run: () => Status.OK };

/**
 * GRUB 2.06 tells only on the screen whether the files are the same. Its status is that of opening the second one; what was
 * wrong with the first is forgotten.
 */
const compare: Command = {
  async run(machine, { args }) {
    const [one, two] = args;
    if (one === undefined || two === undefined || args.length > 2)
      return machine.fail(Status.BAD_ARGUMENT, 'grub2.argument', 'cmp needs two file names');
    await openFile(machine, one);
    const second = await openFile(machine, two);
    if (second.ok) return Status.OK;
    return machine.fail(second.status, 'grub2.file-missing', second.problem.message);
  },
};

/** Every module counts as there. */
const insmod: Command = {
  run: (machine, { args }) =>
    args.length > 0 ? Status.OK : machine.fail(Status.BAD_ARGUMENT, 'grub2.argument', 'insmod needs the name of a module'),
};

/** `password` and `password_pbkdf2` tell who may edit. */
function password(scheme: 'plain' | 'pbkdf2'): Command {
  return {
    run(machine, { name, args }) {
      const [user, secret] = args;
      if (user === undefined || secret === undefined)
        return machine.fail(Status.BAD_ARGUMENT, 'grub2.argument', `${name} needs a user and a password`);
      machine.passwords = [...machine.passwords.filter((known) => known.user !== user), { user, scheme, secret }];
      return Status.OK;
    },
  };
}

export const OTHER_COMMANDS: readonly (readonly [string, Command])[] = [
  ...SUCCEED.split(' ').map((name) => [name, silent] as const),
  ['true', silent],
  ['false', { run: () => Status.FALSE }],
  // No key is held down, and no file is a Xen guest that can be told without reading it.
  ['keystatus', { run: () => Status.FALSE }],
  ['file', { run: () => Status.FALSE }],
  ['cmp', compare],
  ['insmod', insmod],
  ['test', TEST],
  ['[', TEST],
  ['password', password('plain')],
  ['password_pbkdf2', password('pbkdf2')],
];
