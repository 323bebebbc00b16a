/** `tygrub vhd info`: all that a VHD says of itself, in words. */
import { printable } from '../bytes/text.js';
import { type VhdInfo, vhdInfo } from '../disk/vhd/index.js';
import type { ReadOptions } from './options.js';
import { bold, columns, formatSize, print, printJson } from './output.js';
import { withVhd } from './vhd-image.js';

/** Runs the command. @returns 0 */
export async function runVhdInfo(image: string, options: ReadOptions & { readonly json?: boolean }): Promise<number> {
  const info = await withVhd(image, options, vhdInfo);
  if (options.json === true) await printJson(info);
  else await print(`${infoText(info)}\n`);
  return 0;
}

type Rows = (readonly [string, string])[];

function infoText(info: VhdInfo): string {
  const sections: [string, Rows][] = [
    ['disk', diskRows(info)],
    ['footer', footerRows(info)],
    ['header', headerRows(info)],
    ['blocks', blockRows(info)],
    ['parent', parentRows(info)],
  ];
  const lines = [bold(printable(info.path))];
  for (const [title, rows] of sections) {
    if (rows.length === 0) continue;
    lines.push(
      bold(title),
      columns(
        rows.map(([name, value]) => [name, printable(value)]),
        '  ',
      ),
    );
  }
  lines.push(...chainLines(info));
  lines.push(
    ...info.warnings.map(
      (warning) => `warning: ${printable(warning.message)}${warning.hint === undefined ? '' : `; ${printable(warning.hint)}`}`,
    ),
  );
  return lines.join('\n');
}

function diskRows(info: VhdInfo): Rows {
  const rows: Rows = [
    ['type', `${info.type}${info.layout === 'folder' ? `, a folder of Xen Orchestra (${info.filter ?? 'not compressed'})` : ''}`],
    ['size', bytesText(info.size)],
    ['uuid', info.uuid],
  ];
  if (info.fileSize !== null) rows.push(['file', bytesText(info.fileSize)]);
  rows.push(['thick LV', `${bytesText(info.thickVolumeSize)} (what Xen's storage manager allots)`]);
  return rows;
}

const PLACES: Readonly<Record<VhdInfo['footer']['place'], string>> = {
  end: 'at the end, where it belongs',
  start: 'only the copy at offset 0 is good',
  stranded: 'left behind inside the file',
  folder: 'a file of its own',
};

function footerRows({ footer }: VhdInfo): Rows {
  const { creator, geometry } = footer;
  const rows: Rows = [
    ['place', `${PLACES[footer.place]}${footer.offset === null ? '' : ` (byte ${footer.offset})`}`],
    ['created', footer.created],
    ['creator', `${creator.name ?? 'unknown'} (${JSON.stringify(creator.application)} ${creator.version}), on ${hostText(creator.hostOs)}`],
    ['original size', footer.originalSize === null ? 'impossible' : bytesText(footer.originalSize)],
    ['geometry', `${geometry.cylinders}/${geometry.heads}/${geometry.sectorsPerTrack}, which spans ${bytesText(geometry.size)}`],
    ['flags', flagsText(footer)],
    ['checksum', hex(footer.checksum)],
  ];
  if (footer.tail !== null) rows.push(['last sector', footer.tail], ['offset 0', footer.copy ?? '']);
  return rows;
}

function hostText(os: string): string {
  if (os === 'Wi2k') return 'Windows';
  return os === 'Mac ' ? 'Macintosh' : os === '\0\0\0\0' ? 'no stated system' : JSON.stringify(os);
}

function flagsText(footer: VhdInfo['footer']): string {
  const flags = [
    footer.temporary ? 'temporary' : null,
    footer.savedState ? 'a VM is suspended on it' : null,
    footer.hidden ? 'hidden (an inner node of a storage repository)' : null,
  ].filter((flag) => flag !== null);
  return flags.length === 0 ? 'none' : flags.join(', ');
}

function headerRows({ header, batmap }: VhdInfo): Rows {
  if (header === null) return [];
  const rows: Rows = [
    ['place', `byte ${header.offset}`],
    ['BAT', `byte ${header.tableOffset ?? 'none'}, ${header.maxTableEntries} entries`],
    ['block size', bytesText(header.blockSize)],
    ['checksum', hex(header.checksum)],
  ];
  if (batmap !== null)
    rows.push(['batmap', `version ${batmap.version} at byte ${batmap.offset}, ${bytesText(batmap.size)}, marker ${batmap.marker}`]);
  if (batmap !== null && batmap.keyHash !== null) rows.push(['encrypted', `yes, key hash ${batmap.keyHash}`]);
  return rows;
}

function blockRows({ blocks, arrangement }: VhdInfo): Rows {
  if (blocks === null) return [];
  const rows: Rows = [
    ['allocated', `${blocks.allocated} of ${blocks.total} (${percent(blocks.share)}), ${bytesText(blocks.allocatedSize)}`],
  ];
  if (arrangement === null) return rows;
  const { aligned, unaligned, firstUnaligned, strides } = arrangement;
  rows.push(['4 KiB aligned', unaligned === 0 ? `all ${aligned}` : `${aligned}; ${unaligned} not, the first at byte ${firstUnaligned}`]);
  if (strides.length > 0) rows.push(['distances', strides.map(({ bytes, count }) => `${bytes} bytes ${count} times`).join(', ')]);
  rows.push(['data end', `byte ${arrangement.dataEnd}`], ['can grow to', `${bytesText(arrangement.growableSize)} without moving data`]);
  const damage = [
    [arrangement.badEntries, 'impossible BAT entries'],
    [arrangement.overlapping, 'pairs of blocks that overlap'],
    [arrangement.cutBlocks, 'blocks that were cut off'],
  ] as const;
  for (const [count, what] of damage) if (count > 0) rows.push(['DAMAGE', `${count} ${what}`]);
  return rows;
}

function parentRows({ parent }: VhdInfo): Rows {
  if (parent === null) return [];
  const rows: Rows = [
    ['uuid', parent.raw ? 'none: a raw disk' : parent.uuid],
    ['name', parent.name === '' ? 'none' : parent.name],
    ['changed', parent.changed ?? 'not stated'],
  ];
  for (const { platform, text, offset, problem } of parent.locators) {
    rows.push([`locator ${platform}`, problem === null ? `${text ?? ''} (byte ${offset ?? 'none'})` : `cannot be read: ${problem}`]);
  }
  return rows;
}

function chainLines(info: VhdInfo): string[] {
  if (info.chain.length < 2 && info.chainProblem === null) return [];
  const rows = info.chain.map((member, index) => [
    String(index),
    printable(member.path),
    member.type,
    bytesText(member.size),
    member.blocks === null ? '' : `${percent(member.blocks.share)} allocated`,
    member.hidden ? 'hidden' : '',
  ]);
  const lines = [bold('chain'), columns(rows, '  ')];
  if (info.chainProblem !== null) lines.push(`  PROBLEM: ${printable(info.chainProblem.message)}`);
  return lines;
}

function bytesText(bytes: number): string {
  return bytes < 1024 ? `${bytes} bytes` : `${formatSize(bytes)} (${bytes} bytes)`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}
