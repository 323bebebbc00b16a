import { describe, expect, it } from 'vitest';
import { run, runJson } from '../support/program.js';
import { SAMPLE } from '../support/sample.js';

describe('tygrub explain', () => {
  it('tells which config, which entry and why, with the lines that decided', () => {
    const text = run(['explain', SAMPLE]).stdout;
    expect(text).toMatch(/^ {2}\* {2}grub2 {2}msdos1:\/boot\/grub\/grub\.cfg {2}\S/m);
    expect(text).toMatch(/default .*set in msdos1:\/boot\/grub\/grub\.cfg:\d+/);
    expect(text).toMatch(/The default entry, 0: Debian GNU\/Linux/);
    expect(text).toMatch(/kernel +msdos1:\/boot\/vmlinuz-6\.1\.0-13-amd64 +\d+\.\d KiB/);
    expect(text).toMatch(/linux +\/boot\/vmlinuz-6\.1\.0-13-amd64 root=UUID/);
  });

  it('tells the same to programs, of any entry', () => {
    const explained = runJson<{ entry: { index: number; isDefault: boolean; files: { role: string }[] } }>([
      'explain',
      '--json',
      '--entry',
      '1>2',
      SAMPLE,
    ]);
    expect(explained).toMatchObject({
      default: 0,
      configs: [{ dialect: 'grub2', volume: 'msdos1', path: '/boot/grub/grub.cfg', chosen: true, problem: null }],
      entry: { index: 3, isDefault: false, kind: 'linux', problem: null },
    });
    expect(explained.entry.files.map((file) => file.role)).toEqual(['kernel', 'initrd']);
  });
});
