/** The picture of `tygrub vhd map` as SVG: one square for each part of the disk, filled from below by where it comes from. */
import { printable } from '../bytes/text.js';
import type { DiskMap, MapCell } from '../disk/vhd/index.js';
import { formatSize } from './output.js';

/** Edge of a square and the gap between two, in pixels. */
const SQUARE = 10;
const GAP = 1;
const LINE = 18;
const MARGIN = 16;
/** Fills for levels of the chain, the leaf first; told apart by lightness too. Deeper levels share the last. */
const LEVEL_FILLS = ['#1b4f8f', '#3d8bd4', '#2a9d6f', '#8cc152', '#e0a526', '#c86f3c', '#8e5aa8', '#6b6b6b'];
const ABSENT_FILL = '#e6e6e6';
const DAMAGED_FILL = '#d01f2e';

/**
 * Draws the map.
 * @param title what the picture is of; any text
 * @param width squares of one row
 */
export function mapSvg(title: string, map: DiskMap, width: number): string {
  const rows = Math.ceil(map.cells.length / width);
  const top = MARGIN + LINE * 2;
  const legend: [string, string][] = [
    ...map.levels.map(({ path }, index): [string, string] => [levelFill(index), path]),
    [ABSENT_FILL, 'zeros that are stored nowhere'],
    [DAMAGED_FILL, 'cannot be read'],
  ];
  const step = SQUARE + GAP;
  const pixelWidth = Math.max(MARGIN * 2 + width * step, 480);
  const legendTop = top + rows * step + LINE;
  const pixelHeight = legendTop + legend.length * LINE + MARGIN;
  const out = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${pixelWidth}" height="${pixelHeight}" viewBox="0 0 ${pixelWidth} ${pixelHeight}" font-family="sans-serif" font-size="12">`,
    `<title>${escapeXml(title)}</title>`,
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    `<text x="${MARGIN}" y="${MARGIN + 10}" font-weight="bold">${escapeXml(title)}</text>`,
    `<text x="${MARGIN}" y="${MARGIN + LINE + 8}">${formatSize(map.size)}; each square is ${formatSize(map.cellSize)}</text>`,
  ];
  map.cells.forEach((cell, index) => {
    const x = MARGIN + (index % width) * step;
    const y = top + Math.floor(index / width) * step;
    out.push(`<g><title>${escapeXml(cellTitle(map, cell, index))}</title>${cellRects(cell, x, y)}</g>`);
  });
  legend.forEach(([fill, text], index) => {
    const y = legendTop + index * LINE;
    out.push(`<rect x="${MARGIN}" y="${y}" width="${SQUARE}" height="${SQUARE}" fill="${fill}"/>`);
    out.push(`<text x="${MARGIN + SQUARE + 8}" y="${y + SQUARE}">${escapeXml(text)}</text>`);
  });
  out.push('</svg>', '');
  return out.join('\n');
}

function levelFill(level: number): string {
  return LEVEL_FILLS[Math.min(level, LEVEL_FILLS.length - 1)] ?? ABSENT_FILL;
}

/** The parts of a cell that are there, with their fills, in the order in which they are stacked. */
function partsOf(cell: MapCell): [string, number][] {
  const parts: [string, number][] = cell.levels.map((bytes, level) => [levelFill(level), bytes]);
  return [[DAMAGED_FILL, cell.damaged] as [string, number], ...parts, [ABSENT_FILL, cell.absent] as [string, number]].filter(
    ([, n]) => n > 0,
  );
}

function cellRects(cell: MapCell, x: number, y: number): string {
  const parts = partsOf(cell);
  const total = parts.reduce((sum, [, bytes]) => sum + bytes, 0);
  let bottom = y + SQUARE;
  return parts
    .map(([fill, bytes]) => {
      const height = (SQUARE * bytes) / total;
      bottom -= height;
      return `<rect x="${x}" y="${rounded(bottom)}" width="${SQUARE}" height="${rounded(height)}" fill="${fill}"/>`;
    })
    .join('');
}

function cellTitle(map: DiskMap, cell: MapCell, index: number): string {
  const parts = cell.levels.flatMap((bytes, level) => (bytes > 0 ? [`${formatSize(bytes)} from ${map.levels[level]?.path ?? ''}`] : []));
  if (cell.absent > 0) parts.push(`${formatSize(cell.absent)} zeros`);
  if (cell.damaged > 0) parts.push(`${formatSize(cell.damaged)} cannot be read`);
  return `byte ${index * map.cellSize}: ${parts.join(', ')}`;
}

function rounded(value: number): string {
  return String(Math.round(value * 100) / 100);
}

const XML: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
]);

function escapeXml(text: string): string {
  return printable(text).replace(/[&<>"]/g, (sign) => XML.get(sign) ?? sign);
}
