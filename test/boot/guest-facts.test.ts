/** What a guest says about itself: os-release and fstab. */
import { describe, expect, it } from 'vitest';
import { GuestFiles } from '../../src/boot/dialect.js';
import { locateMounted, parseFstab, volumeOfSpec } from '../../src/boot/mounts.js';
import { osName, parseOsRelease } from '../../src/boot/os-release.js';
import { memoryGuest } from '../support/directory-filesystem.js';

describe('os-release', () => {
  it('is read with the quotes of a shell', () => {
    const text = '# comment\nNAME="A \\"b\\" \\$c"\r\nID=x\nBROKEN\nVARIANT=\'single "quoted"\'\nID=y\nEMPTY=\n=z\n';
    expect([...parseOsRelease(text)]).toEqual([
      ['NAME', 'A "b" $c'],
      ['ID', 'y'],
      ['VARIANT', 'single "quoted"'],
      ['EMPTY', ''],
    ]);
  });

  it.each([
    ['PRETTY_NAME=P\nNAME=N\nID=i\nIMAGE_ID=m\nVERSION_ID=1\nIMAGE_VERSION=2\n', { title: 'P', version: '2', sortKey: 'm' }],
    ['NAME=N\nID=i\nVERSION_ID=1\n', { title: 'N', version: '1', sortKey: 'i' }],
    ['', { title: null, version: null, sortKey: null }],
  ])('names the system by %j', (text, name) => {
    expect(osName(parseOsRelease(text))).toEqual(name);
  });
});

describe('fstab', () => {
  it('is read with its escapes', () => {
    expect(parseFstab('# x\n/dev/sda1\t/\text4 rw 0 1\n\nLABEL=a\\040b /my\\040dir/ ext4\nswap none swap\n')).toEqual([
      { spec: '/dev/sda1', directory: '/', type: 'ext4' },
      { spec: 'LABEL=a b', directory: '/my dir', type: 'ext4' },
    ]);
  });

  const guest = memoryGuest(
    [
      [
        { name: 'gpt1', files: {}, uuid: 'AB-12', partitionUuid: 'aaaa-1', partitionLabel: 'boot' },
        { name: 'gpt2', files: {}, label: 'root' },
      ],
      [{ name: 'whole', files: {} }],
    ],
    [{ name: 'lvm/my--vg-home', files: {} }],
  );

  it.each([
    ['UUID=ab-12', 'gpt1'],
    ['UUID="AB-12"', 'gpt1'],
    ['LABEL=root', 'gpt2'],
    ['PARTUUID=AAAA-1', 'gpt1'],
    ['PARTLABEL=boot', 'gpt1'],
    ['/dev/sda2', 'gpt2'],
    ['/dev/xvda1', 'gpt1'],
    ['/dev/vdb', 'hd1'],
    ['/dev/mapper/my--vg-home', 'lvm/my--vg-home'],
    ['/dev/my-vg/home', 'lvm/my--vg-home'],
    ['/dev/sdz1', null],
    ['/dev/sd', null],
    ['UUID=none', null],
    ['tmpfs', null],
  ])('%s is the volume %s', async (spec, name) => {
    expect((await volumeOfSpec(guest, spec))?.name ?? null).toBe(name);
  });

  it('says on which volume a path lies, by the deepest mount', async () => {
    const [root] = guest.volumes;
    if (root === undefined) throw new Error('no volume');
    const mounts = parseFstab('/dev/sda1 / x\n/dev/sda2 /boot x\n/dev/vdb /boot/efi x\n/dev/gone /opt x\n');
    const files = new GuestFiles(guest, guest.limits);
    const at = async (path: string) => {
      const place = await locateMounted(files, root, mounts, path);
      return `${place.volume.name}:${place.path}`;
    };
    expect([await at('/etc/x'), await at('/boot/k'), await at('/boot/efi/a/b'), await at('/bootx/k'), await at('/opt/k')]).toEqual([
      'gpt1:/etc/x',
      'gpt2:/k',
      'hd1:/a/b',
      'gpt1:/bootx/k',
      'gpt1:/opt/k',
    ]);
  });
});
