/** `tygrub vhd map`: a picture of the disk, in the terminal or as SVG. */
import { writeFileSync } from 'node:fs';
import { printable } from '../bytes/text.js';
import { type DiskMap, type MapCell, mapVhd } from '../disk/vhd/index.js';
import { hostError } from '../source/host-file.js';
import type { ReadOptions } from './options.js';
import { formatSize, print, printJson } from './output.js';
import { withVhd } from './vhd-image.js';
import { mapSvg } from './vhd-map-svg.js';

export interface MapCommandOptions extends ReadOptions {
  readonly json?: boolean;
  readonly svg?: string;
  /** Cells of one row. */
  readonly width?: number;
}

const WIDTH = 64;
const ROWS = 32;

/** Runs the command. @returns 0 */
export async function runVhdMap(image: string, options: MapCommandOptions): Promise<number> {
  const width = options.width ?? WIDTH;
  const map = await withVhd(image, options, (source, container) => mapVhd(source, container, width * ROWS));
  if (options.svg !== undefined) writePicture(options.svg, mapSvg(image, map, width));
  if (options.json === true) await printJson({ image, ...map });
  else if (options.svg === undefined) await print(`${mapText(map, width)}\n`);
  return 0;
}

function writePicture(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx' });
  } catch (error) {
    throw hostError(error, `${path} cannot be written`);
  }
}

/** Levels that have letters of their own; deeper ones share the last. */
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** The picture in letters: a capital where a part comes from one file alone, a small one where only some of it does. */
export function mapText(map: DiskMap, width: number): string {
  const symbols = map.cells.map(symbolOf);
  const lines: string[] = [];
  for (let at = 0; at < symbols.length; at += width) {
    lines.push(`${formatSize(at * map.cellSize).padStart(10)}  ${symbols.slice(at, at + width).join('')}`);
  }
  const totals = map.levels.map((_level, index) => map.cells.reduce((sum, cell) => sum + (cell.levels[index] ?? 0), 0));
  const absent = map.cells.reduce((sum, cell) => sum + cell.absent, 0);
  const damaged = map.cells.reduce((sum, cell) => sum + cell.damaged, 0);
  lines.push('', `each sign is ${formatSize(map.cellSize)} of ${formatSize(map.size)}`);
  map.levels.forEach(({ path }, index) => {
    const letter = letterOf(index);
    lines.push(`${letter} ${letter.toLowerCase()}  all or some of it from ${printable(path)} (${formatSize(totals[index] ?? 0)})`);
  });
  lines.push(`.    zeros that are stored nowhere (${formatSize(absent)})`);
  if (damaged > 0) lines.push(`!    cannot be read (${formatSize(damaged)}); \`tygrub vhd check\` says why`);
  return lines.join('\n');
}

function letterOf(level: number): string {
  return LETTERS[Math.min(level, LETTERS.length - 1)] ?? '';
}

function symbolOf(cell: MapCell): string {
  if (cell.damaged > 0) return '!';
  let most = 0;
  cell.levels.forEach((bytes, level) => {
    if (bytes > (cell.levels[most] ?? 0)) most = level;
  });
  const bytes = cell.levels[most] ?? 0;
  if (bytes === 0) return '.';
  const total = cell.levels.reduce((sum, part) => sum + part, cell.absent);
  return bytes === total ? letterOf(most) : letterOf(most).toLowerCase();
}
