/** Statements of random scripts that look at disks, files and environment blocks. The same random numbers give the same text. */
import type { Random } from '../../support/mutation.js';

const DEVICES = [
  '(hd0)',
  'hd0',
  '(hd1)',
  '(hd1,msdos1)',
  '(hd1,1)',
  'hd1,msdos2',
  '(hd1,msdos5)',
  '(hd1,5)',
  '(hd1,gpt1)',
  '(hd1,0)',
  '(hd7)',
];
const FILES = [
  '/d/f',
  '/empty',
  '/d',
  '/d/',
  '/nothing',
  '(hd0)/d/f',
  '(hd1,msdos1)/x1',
  '(hd1,1)/both',
  '(hd1,5)/K/w',
  '(hd1,msdos2)/k/v-2',
  '(hd1)/x1',
  '(hd9)/x',
  '(hd0/d/f',
  'd/f',
  '/d/./f',
  '/d/../empty',
  '//d//f',
  '/t/old@100',
  '/t/new@200',
  '/t/link',
  '',
];
const COMPARED = ['/d/f', '/d/g1', '/nothing', '(hd1,1)/x1', '/d', '(hd9)/x'];
const UUIDS = [1, 2, 3, 4].map((n) => `${String(n - 1).repeat(8)}-aaaa-bbbb-cccc-dddddddddddd`);

/** Files of the first disk that such statements name. */
export const GUEST_FILES: Readonly<Record<string, string>> = {
  '/d/f': 'content',
  '/d/g1': 'content',
  '/d/g2': '',
  '/d/g-3': 'x',
  '/d/.g': 'x',
  '/d/sp ace': 'x',
  '/both': 'x',
  '/empty': '',
  '/t/old@100': 'x',
  '/t/new@200': 'x',
  '/boot/grub/x': 'x',
  '/boot/grub/grubenv': `# GRUB Environment Block\nva=from env\nsaved_entry=1>0\n${'#'.repeat(800)}`,
  '/e1.env': `# GRUB Environment Block\n# WARNING: do not edit\nva=one\nvb=a=b=c\nvc=back\\\\slash and \\\nnewline\nbad line\nv_d= spaces \n${'#'.repeat(900)}`,
  '/e2.env': '# GRUB Environment Block\nva=last\nvb=cut off',
  '/e3.env': 'va=no signature\n',
  '/s1.cfg':
    'T in_s1 "$#" "$1" "$va" "$config_file" "$config_directory"\nset va=s1\nmenuentry from_s1 --id s1 {\nT s1 "$chosen" "$1"\nfinish\n}\n',
  '/s2.cfg': 'function f_s2 { T f_s2 "$@"; return 4; }\nset vb="s2 $1"\nif false; then\nfi\nT after_s2\nreturn 3\nT after_return\n',
  '/s3.cfg':
    'T in_s3 "$va" "$vb" "$timeout" "$default"\nexport va\nset default=b2\nset timeout=0\nmenuentry b1 {\nT b1\nfinish\n}\nmenuentry \'b 2\' --id b2 {\nT b2 "$chosen" "$va"\nfinish\n}\n',
  '/s4.cfg': 'T s4\r\nset vc="l1\r\n#no line\r\nl2"\r\nT "$vc"\r\n',
};

export class GuestStatements {
  constructor(private readonly random: Random) {}

  private one<T>(items: readonly T[]): T {
    return this.random.pick(items);
  }

  /** A file name as a script may write it. */
  file(): string {
    const name = this.one(FILES);
    return this.one([`"${name}"`, `'${name}'`, name === '' ? '""' : name.replaceAll('(', '\\(')]);
  }

  private search(): string {
    const key = this.one([
      ['--file', '/x1'],
      ['-f', '/both'],
      ['--file', '/d/f'],
      ['--file', '/k'],
      ['-f', '(hd1,1)/x1'],
      ['--label', 'first'],
      ['-l', '"two words"'],
      ['--label', '"TWO WORDS"'],
      ['--fs-uuid', this.one(UUIDS)],
      ['-u', this.one(UUIDS).toUpperCase()],
      ['--fs-uuid', 'beef-0000'],
      ['--file', '/nothing'],
    ]);
    const set = this.one(['--set=va', '--set va', '-s va', '--set', '-s', '', '--set=root', '--set=']);
    const hint = this.one([
      '',
      '',
      '--hint hd1,msdos2',
      "--hint='hd1,msdos2'",
      '--hint-bios=hd1,2',
      '--hint hd1,',
      '--hint-efi=hd9,gpt1',
      '--hint-baremetal=ahci0,msdos2',
    ]);
    const words = [key[0] ?? '', set, hint, this.one(['', '--no-floppy', '-n', '-nf'])].filter((word) => word !== '');
    const order = this.random.next(2) === 0 ? words : words.toReversed();
    const last = this.one([` ${key[1]}`, ` ${key[1]}`, ` -- ${key[1]}`, ` ${key[1]} more`, '']);
    return `search ${order.join(' ')}${last}\nT $? "$va" "$root"\nset root=hd0`;
  }

  private searchDot(): string {
    const [name, key] = this.one([
      ['search.file', '/x2'],
      ['search.fs_uuid', this.one(UUIDS)],
      ['search.fs_label', "'two words'"],
      ['search.file', '/both'],
    ]);
    return `${name} ${key} ${this.one(['va', 'va hd1,msdos2', '', 'va hd9 hd1,', 'va hd1,msdos5 hd1,msdos2'])}\nT $? "$va"`;
  }

  private probe(): string {
    const what = this.one(['--fs', '-f', '--fs-uuid', '-u', '--label', '-l', '--partmap', '-p', '', '-fu']);
    const set = this.one(['--set=va', '--set va', '-s va', '-s', '--set']);
    return `probe ${this.one([`${set} ${what}`, `${what} ${set}`])} ${this.one(DEVICES)}\nT $? "$va"`;
  }

  private environment(): string {
    const file = this.one([
      '-f /e1.env',
      '--file=/e1.env',
      '--file /e2.env',
      '-f /e3.env',
      '-f /nothing',
      '',
      '-s -f (hd0)/e1.env',
      '-f (hd0)+1',
    ]);
    const names = this.one(['', '', ' va', ' vb va', ' nothing', ' va va']);
    const load = `load_env ${file}${names}\nT $? "$va" "$vb" "$vc" "$v_d" "$saved_entry"`;
    if (this.random.next(3) > 0) return load;
    return `save_env ${file === '-f (hd0)+1' ? '-f /e1.env' : file}${this.one([' va', ' va vb', ' undefined', ''])}\nT $?\nunset va\n${load}`;
  }

  private pattern(): string {
    return this.one([
      '/d/g*',
      '/d/*',
      '/d/g?',
      '"/d/"g*',
      '/d/"g*"',
      '/d/g\\*',
      '/*/f',
      '/d/../d/g?',
      '(hd1,*)/both',
      '(hd1,msdos?)/k/v-*',
      '(hd*)/d/f',
      '/nothing*',
      'd/g*',
      '$glob',
      '"$glob"',
      `/d/\${part}*`,
      '/d/*.none',
      '/?/g1',
      '/d/sp*',
      '/t/*@1??',
      '/d/g*/x',
      '/d/g**1',
    ]);
  }

  private times(): string {
    const operator = this.one(['-nt', '-ot', '-nt', '-ot', '-nt100', '-ot100', '-nt99', '-ot-101', '-nt-99', '-ntx', '-ot0x64']);
    return `[ ${this.one(['/t/old@100', '/t/new@200', '/d/f', '/nothing'])} ${operator} ${this.one(['/t/old@100', '/t/new@200', '/nothing', '(hd1,1)/x1'])} ]\nT $?`;
  }

  private recursion(): string {
    const length = this.one([3, 9, 40]);
    return `function f_r { if [ "$1" = ${'x'.repeat(length)} ]; then T end "$#"; return 5; fi; f_r "x$1" $2 $3; ${this.one(['', 'T up $? "$1"; ', 'return; '])}}\nf_r '' p "q r"\nT $?`;
  }

  statement(): string {
    return this.one([
      () => this.search(),
      () => this.search(),
      () => this.searchDot(),
      () => this.probe(),
      () => this.environment(),
      () => this.environment(),
      () => `set glob=/d/g*\nset part=g\nT ${this.pattern()} ${this.one(['', 'w', this.pattern()])}`,
      () => `for va in ${this.pattern()} ${this.one(['', 'end'])}; do T "$va"; done`,
      () => this.times(),
      () => `[ ${this.one(['-e', '-f', '-d', '-s'])} ${this.file()} ]\nT $?`,
      () =>
        `${this.one(['source', '.'])} ${this.one(['/s1.cfg', '/s2.cfg', '(hd0)/s2.cfg', '/s4.cfg', '/nothing', 's1.cfg', '""', '/s1.cfg more'])}\nT $? "$config_file" "$va" "$vb"`,
      () =>
        `${this.one(['configfile', 'configfile', 'normal', 'extract_entries_source', 'extract_entries_configfile'])} ${this.one(['/s2.cfg', '/s4.cfg', '/nothing', '/s3.cfg'])}\nT $? "$config_file" "$va" "$vb"`,
      () => `extract_entries_source ${this.one(['/s1.cfg', '/s3.cfg'])}\nT $? "$va" "$default"`,
      () => this.recursion(),
      () => `cmp ${this.one(COMPARED)} ${this.one(COMPARED)}\nT $?`,
      () =>
        `cd_root=$root; set root=${this.one(['hd1,msdos1', '(hd1,1)', 'hd1,gpt1', "'hd1,msdos2'", 'hd9', ''])}\nT "$root" $?; [ -e /both ]; T $?; [ -f /x1 ]; T $?\nset root=hd0`,
      () =>
        `${this.one(['insmod nosuch', 'insmod', 'true x', 'false x', 'echo "$va"', 'sleep 0', 'export', 'unset', 'set', 'list_env', 'eval', 'regexp', 'search', 'setparams', 'test', '[', '!', 'source', 'cmp', 'probe', 'menuentry', 'submenu', 'save_env', 'export a-b', 'unset a b', 'regexp a', 'regexp a b c', '[ ! ]'])}\nT $?`,
    ])();
  }
}
