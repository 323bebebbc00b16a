/** The picture of a state of the menu, for a terminal's size and characters. */

import { barWidth, DETAILS_WIDTH } from './budget.js';
import { type Cell, cellsOf, type Frame, type Row, rowOf } from './frame.js';
import { type Charset, type Glyph, glyphs } from './glyphs.js';
import { type Layout, layoutOf } from './layout.js';
import { lineText } from './line-editor.js';
import { matches, titlePath } from './screens/search.js';
import { currentList, type MenuContext, type MenuState, type Screen } from './state.js';
import { field, fitted, wrapped } from './text-fitting.js';
import { countEntries, findInTree, type MenuItem } from './tree.js';
import { entrySummary, whyNot } from './words.js';

/** The middle of the screen and what stands around it. */
interface Picture {
  readonly title: string;
  readonly body: readonly Row[];
  /** Null while it is found out: what stood there stays. */
  readonly details: string | null;
  readonly keys: string;
  /** In the body; null where the cursor has no meaning. */
  readonly cursor: { readonly row: number; readonly column: number } | null;
  readonly scroll: { readonly first: number; readonly list: string } | null;
}

/** How a picture is made: its width leaves out the last column, in which terminals wrap. */
interface Canvas {
  readonly width: number;
  readonly rows: number;
  readonly charset: Charset;
}

/** The picture of the whole screen. */
export function draw(state: MenuState, context: MenuContext, charset: Charset): Frame {
  const { size } = state;
  const layout = layoutOf(size);
  const canvas: Canvas = { width: Math.max(1, size.columns - 1), rows: layout.body.rows, charset };
  const picture = pictureOf(state, context, canvas);
  const rows: Row[] = Array.from({ length: size.rows }, () => []);
  const put = (row: number | null, text: string, width = canvas.width): void => {
    if (row !== null) rows[row] = rowOf(text, charset, Math.min(width, canvas.width));
  };
  put(layout.header, ` ${picture.title}`);
  put(layout.upperRule, '-'.repeat(canvas.width));
  for (let i = 0; i < canvas.rows; i++) rows[layout.body.top + i] = clipped(picture.body[i] ?? [], canvas.width);
  put(layout.lowerRule, '-'.repeat(canvas.width));
  put(layout.details, ` ${picture.details ?? ''}`, DETAILS_WIDTH);
  put(layout.keys, ` ${picture.keys}`);
  put(layout.status, ` ${statusText(state, context)}`);
  return { size, rows, kept: picture.details === null ? layout.details : null, ...placed(picture, layout, canvas) };
}

/** A row no longer than the screen is wide, also where the margins alone are; a wide character is not cut in half. */
function clipped(row: Row, width: number): Row {
  if (row.length <= width) return row;
  return row.slice(0, row[width]?.text === '' ? width - 1 : width);
}

function placed(picture: Picture, layout: Layout, canvas: Canvas): Pick<Frame, 'cursor' | 'scroll'> {
  const { top } = layout.body;
  const scroll = picture.scroll === null ? null : { top, height: canvas.rows, ...picture.scroll };
  if (picture.cursor === null) return { cursor: null, scroll };
  const row = top + Math.max(0, Math.min(canvas.rows - 1, picture.cursor.row));
  const cursor = { row, column: Math.max(0, Math.min(canvas.width - 1, picture.cursor.column)) };
  return { cursor, scroll };
}

/** Seconds without a key before the list says how the countdown goes on. */
const HINT_AFTER = 5;

function statusText(state: MenuState, context: MenuContext): string {
  if (state.message !== null) return state.message;
  const top = state.screens[state.screens.length - 1];
  if (top?.kind === 'busy') return `${top.what}...  Esc gives up`;
  if (top?.kind === 'quit') return 'Quit without booting? y: yes, any other key: no';
  const { countdown } = state;
  if (countdown === null) return '';
  // Not at once: the key that stopped it has bytes of its own to send.
  if (!countdown.running) return top === undefined && state.idle >= HINT_AFTER ? 'Countdown stopped; t lets it go on' : '';
  if (context.policy.default === null) return `No entry boots by default; ends in ${countdown.left} s`;
  return `Boots the default entry in ${countdown.left} s; t stops`;
}

function pictureOf(state: MenuState, context: MenuContext, canvas: Canvas): Picture {
  const screens = state.screens.filter((screen) => screen.kind !== 'busy' && screen.kind !== 'quit');
  const top = screens[screens.length - 1];
  return top === undefined ? listPicture(state, context, canvas) : screenPicture(top, context, canvas);
}

function screenPicture(screen: Exclude<Screen, { kind: 'busy' | 'quit' }> | Screen, context: MenuContext, canvas: Canvas): Picture {
  switch (screen.kind) {
    case 'editor':
      return editorPicture(screen, canvas);
    case 'arguments': {
      const { rows, cursor } = field(screen.line, canvas.width - 2, canvas.rows, canvas.charset);
      const body = rows.map((row) => [...MARGIN, ...row]);
      const title = `Arguments of ${titlePath(screen.entry)}`;
      return picture(title, body, '', 'Enter boots  Esc back', { row: cursor.row, column: cursor.column + 2 });
    }
    case 'command-line':
      return commandLinePicture(screen, canvas);
    case 'password':
      return passwordPicture(screen, canvas);
    case 'search':
      return searchPicture(screen, context, canvas);
    case 'page':
      return pagePicture(screen, canvas);
    case 'busy':
    case 'quit':
      return picture('', [], '', '', { row: 0, column: 0 });
  }
}

function picture(title: string, body: readonly Row[], details: string, keys: string, cursor: Picture['cursor']): Picture {
  return { title, body, details, keys, cursor, scroll: null };
}

const SPACE: Cell = { text: ' ', reverse: false };
const MARGIN: Row = [SPACE, SPACE];

/** Cells before an item's title: the mark of the selection, `*` for the default, `+` or `!`. */
const PREFIX = 6;

function listPicture(state: MenuState, context: MenuContext, canvas: Canvas): Picture {
  const { submenu, selected, first } = currentList(state);
  const defaultPlace = context.policy.default === null ? null : findInTree(context.root, context.policy.default);
  const depth = state.lists.length - 1;
  const onWay = defaultPlace?.menus[depth] === submenu ? defaultPlace.selected[depth] : undefined;
  const bar = barWidth(
    submenu.items.map((item) => PREFIX + glyphs(itemTitle(item), canvas.charset, canvas.width - PREFIX).length),
    submenu.items.length > canvas.rows,
  );
  const body = submenu.items.slice(first, first + canvas.rows).map((item, i) => {
    const at = first + i;
    const marks = ` ${at === selected ? '>' : ' '} ${at === onWay ? '*' : ' '}${itemMark(item)} `;
    const line = [...glyphs(marks, canvas.charset), ...fitted(itemTitle(item), canvas.width - PREFIX, canvas.charset)];
    return cellsOf(line, at === selected ? bar : 0);
  });
  const config = context.menu.config;
  const place = config === null ? 'no boot configuration' : `${config.volume}:${config.path}`;
  const item = submenu.items[selected];
  return {
    title: ['tygrub', place, ...submenu.trail].join(' > '),
    body: body.length === 0 ? [rowOf('   (no entries)', canvas.charset, canvas.width)] : body,
    details: item === undefined ? '' : itemSummary(item, state, context),
    keys: listKeys(canvas.width, context, state.lists.length > 1),
    cursor: null,
    scroll: { first, list: submenu.trail.join('\n') },
  };
}

function itemTitle(item: MenuItem): string {
  return item.kind === 'entry' ? item.entry.title : item.submenu.title;
}

function itemMark(item: MenuItem): string {
  if (item.kind === 'submenu') return '+';
  return whyNot(item.entry) === null ? ' ' : '!';
}

function itemSummary(item: MenuItem, state: MenuState, context: MenuContext): string | null {
  if (item.kind === 'entry') {
    const details = state.details.get(item.entry.index);
    const awaited = context.describes && details === undefined && whyNot(item.entry) === null;
    if (awaited) return state.idle === 0 ? null : '';
    return entrySummary(item.entry, details);
  }
  const count = countEntries(item.submenu);
  return `Submenu with ${count} ${count === 1 ? 'entry' : 'entries'}`;
}

/** The keys, as many as fit, the most wanted first. */
function listKeys(width: number, context: MenuContext, inSubmenu: boolean): string {
  const keys = ['Enter boot', 'e edit', '? help', 'q quit', 'a arguments', 'c command line', '/ search', 'i details'];
  if (inSubmenu) keys.unshift('Esc back');
  if (context.menu.access !== null) keys.splice(1, 0, 'p password');
  let text = '';
  for (const key of keys) if (text.length + key.length + 3 <= width) text += `${text === '' ? '' : '  '}${key}`;
  return text;
}

function searchPicture(screen: Extract<Screen, { kind: 'search' }>, context: MenuContext, canvas: Canvas): Picture {
  const found = matches(context, lineText(screen.line));
  const body = found.slice(screen.first, screen.first + canvas.rows).map((entry, i) => {
    const selected = screen.first + i === screen.selected;
    const line = [...glyphs(` ${selected ? '>' : ' '} `, canvas.charset), ...fitted(titlePath(entry), canvas.width - 3, canvas.charset)];
    return cellsOf(line, selected ? 3 : 0);
  });
  const shown = body.length === 0 ? [rowOf('   (no entry has that in its title)', canvas.charset, canvas.width)] : body;
  return picture('Search', shown, `/${lineText(screen.line)}_`, 'Type a part of a title  Enter goes there  Esc back', {
    row: screen.selected - screen.first,
    column: 1,
  });
}

function editorPicture(screen: Extract<Screen, { kind: 'editor' }>, canvas: Canvas): Picture {
  const width = canvas.width - 3;
  let cursor = { row: screen.selected - screen.first, column: 1 };
  const body = screen.lines.slice(screen.first, screen.first + canvas.rows).map((line, i) => {
    const selected = screen.first + i === screen.selected;
    if (selected && screen.editing !== null) {
      const edited = field(screen.editing.line, width, 1, canvas.charset);
      cursor = { row: i, column: 3 + edited.cursor.column };
      return [...rowOf(' > ', canvas.charset, 3, 3), ...(edited.rows[0] ?? [])];
    }
    return rowOf(` ${selected ? '>' : ' '} ${line.replaceAll('\t', '  ')}`, canvas.charset, canvas.width, selected ? 3 : 0);
  });
  const keys =
    screen.editing === null ? 'e edit line  o, O new line  d delete  b boot  c command line  Esc back' : 'Enter accepts  Esc gives up';
  return picture(`Commands of ${titlePath(screen.entry)}`, body, '', keys, cursor);
}

function commandLinePicture(screen: Extract<Screen, { kind: 'command-line' }>, canvas: Canvas): Picture {
  const { rows, cursor } = field(screen.line, canvas.width - 2, Math.max(1, Math.min(3, canvas.rows - 1)), canvas.charset);
  const room = canvas.rows - rows.length;
  const above: Row[] = [];
  // From the newest line back, so that no more is wrapped than is shown.
  for (let i = screen.output.length - 1; i >= 0 && above.length < room; i--) {
    above.unshift(...wrapped(screen.output[i] ?? '', canvas.width, canvas.charset).map((line) => cellsOf(line)));
  }
  const shown = room <= 0 ? [] : above.slice(-room);
  const prompt: Row = rowOf('> ', canvas.charset, 2);
  const edited = rows.map((row, i) => [...(i === 0 ? prompt : MARGIN), ...row]);
  const row = shown.length + cursor.row;
  return picture('Command line', [...shown, ...edited], '', 'boot boots  Tab completes  Up history  Esc back', {
    row,
    column: cursor.column + 2,
  });
}

function passwordPicture(screen: Extract<Screen, { kind: 'password' }>, canvas: Canvas): Picture {
  const label = screen.asks === 'user' ? 'User name: ' : 'Password (not shown): ';
  const { rows, cursor } = field(screen.user, Math.max(1, canvas.width - label.length - 1), 1, canvas.charset);
  const typed = screen.asks === 'user' ? (rows[0] ?? []) : [];
  const body: Row[] = [[...rowOf(` ${label}`, canvas.charset, canvas.width), ...typed]];
  const column = 1 + label.length + (screen.asks === 'user' ? cursor.column : 0);
  return picture('This needs the password of the boot menu', body, '', 'Enter accepts  Esc back', { row: 0, column });
}

function pagePicture(screen: Extract<Screen, { kind: 'page' }>, canvas: Canvas): Picture {
  const lines: (readonly Glyph[])[] = [];
  for (const line of screen.lines) lines.push(...wrapped(line, canvas.width - 2, canvas.charset));
  const first = Math.max(0, Math.min(screen.first, lines.length - canvas.rows));
  const body = lines.slice(first, first + canvas.rows).map((line) => [...MARGIN, ...cellsOf(line)]);
  const more = first + canvas.rows < lines.length ? 'Down: more  ' : '';
  return picture(screen.title, body, '', `${more}Esc back`, { row: Math.max(0, body.length - 1), column: 0 });
}
