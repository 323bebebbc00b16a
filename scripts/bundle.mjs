// Makes one file of a program, in parts. esbuild splits it where something is loaded with `import()`. The text of all parts stands
// in one comment, which V8 passes at a glance: the program takes a part out of it when the part is first asked for. To parse
// what a run never needs took longer than all the rest of a start.
//
// Beside the file, named for these texts and the version of Node, there may be what V8 made of the parts (scripts/code-cache/). V8 refuses
// what another version of it made, or what was made with other flags, and the program then compiles its text as ever.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { build, transform } from 'esbuild';

/** What esbuild writes: `import{a as b}from"./part.js";`, or a module of Node's, as a whole or by names; the latter anywhere between statements. */
const IMPORT = /\bimport\s*(?:(?:\*\s*as\s+)?([\w$]+)\s*from\s*|(\{[\w$,\s]*\})\s*from\s*)?"((?:\.\/|node:)[\w./-]+)";/g;
const LATER = /\bimport\((?="(?:\.\/|node:))/g;
const EXPORT = /export\s*\{([^}]*)\};\s*$/;

/** `a as b, c` as the fields of an object or a pattern: `{a:b,c}`, or the other way around. */
function fields(list, order) {
  const pairs = list
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '')
    .map((text) => {
      const [from, to = from] = text.split(/\s+as\s+/);
      return order([from, to]);
    });
  return `{${pairs.map(([key, value]) => (key === value ? key : `${key}:${value}`)).join(',')}}`;
}

/**
 * One of esbuild's chunks as the body of a function that returns what it exports. Nothing moves, so that
 * source maps remain right.
 * @param {string} text @returns {{ needs: string[], body: string }}
 */
function functionBody(text) {
  const needs = [];
  if (/\b_[pr]_\b/.test(text)) throw new Error('a name of the loader is taken');
  let body = text.replace(/^#!.*/, '').replaceAll(IMPORT, (statement, whole, names, file) => {
    if (file.startsWith('./')) needs.push(file);
    const got = names === undefined ? whole : fields(names.slice(1, -1), ([from, to]) => [from, to]);
    const value = `${file.startsWith('./') ? '_p_' : '_r_'}("${file}")`;
    const line = got === undefined ? `${value};` : `let${got.startsWith('{') ? '' : ' '}${got}=${value};`;
    if (line.length > statement.length) throw new Error(`${line} is longer than ${statement}`);
    return line.padEnd(statement.length);
  });
  body = body.replaceAll(LATER, 'later ('); // as long as it was
  const exported = EXPORT.exec(body);
  if (exported !== null) body = `${body.slice(0, exported.index)}return${fields(exported[1], ([from, to]) => [to, from])}`;
  return { needs, body };
}

/** commander starts other programs as subcommands, which none of ours are: what it would do that with is loaded when it does. */
const WITHOUT_PROCESSES = {
  name: 'commander without child_process',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\/commander\/lib\/command\.js$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      const line = "const childProcess = require('node:child_process');";
      if (!text.includes(line)) throw new Error(`${path} no longer has the line: ${line}`);
      return { contents: text.replace(line, "const childProcess = { spawn: (...all) => require('node:child_process').spawn(...all) };") };
    }),
};

/**
 * What runs first: takes parts out of the comment and compiles them. Here it is checked like other code; its text goes into the
 * program, with the comment at its end: so a function gives its own text, and the file need not be read again.
 * @param {string} id of these texts: V8 itself compares no more than their lengths with what was made of them
 * @param {Record<string, [number, number, number]>} places how far before the end of the comment the text of each part starts,
 *   its length, and its line in the file
 */
function loader(require, file, id, places, first, self) {
  const { readFileSync } = require('node:fs');
  const { Script } = require('node:vm');
  const text = self.toString();
  const made = {};
  try {
    const bytes = readFileSync(`${file}.${id}.${process.version}-${process.arch}.cache`);
    let at = bytes.indexOf(10) + 1;
    for (const [line, length] of JSON.parse(bytes.latin1Slice(0, at))) {
      made[line] = bytes.subarray(at, at + length);
      at += length;
    }
  } catch {
    // Nothing was made for this version of Node.
  }
  const done = {};
  const part = (name) => {
    if (done[name] === undefined) {
      const [start, length, lineOffset] = places[name];
      const from = text.length - start;
      const code = text.slice(from, from + length).replaceAll('*\x7f/', '*/');
      const script = new Script(code, { filename: file, lineOffset, cachedData: made[lineOffset] });
      done[name] = script.runInThisContext()(require, part, later, done, require);
    }
    return done[name];
  };
  const later = async (name) => (places[name] === undefined ? require(name) : part(name));
  part(first);
}

/**
 * The file: the loader, and the texts in a comment.
 * @param {[name: string, text: string][]} texts the first one is what runs first
 * @returns {Promise<{ code: string, lines: Map<string, number> }>} and the line, counted from 0, on which each text starts
 */
async function assemble(texts) {
  for (const [name, text] of texts) {
    // Offsets count bytes and characters alike, and DEL keeps apart what would end the comment.
    if (/[^\0-\x7e]/.test(text)) throw new Error(`${name} is not ASCII`);
  }
  const id = createHash('sha256').update(texts.join('\n')).digest('hex').slice(0, 16);
  const { code } = await transform(`(${loader})(require,__filename,"${id}",PLACES,"${texts[0][0]}",SELF)`, {
    minify: true,
    target: 'node20.19',
  });
  const lines = new Map();
  const places = {};
  let line = 3;
  const kept = texts.map(([, text]) => text.replaceAll('*/', '*\x7f/'));
  // What stands behind the texts in the function that holds them.
  const end = '*/\n}';
  let left = kept.reduce((sum, text) => sum + text.length + 1, 0) + end.length;
  for (const [i, [name]] of texts.entries()) {
    const text = kept[i];
    places[name] = [left, text.length, line];
    lines.set(name, line);
    left -= text.length + 1;
    line += text.split('\n').length;
  }
  const start = code
    .trim()
    .replace('PLACES', () => JSON.stringify(places))
    .replace('SELF', 'program');
  const head = `#!/usr/bin/env node\n"use strict";(function program(){${start}\n/*\n`;
  return { code: `${head}${kept.join('\n')}\n${end})()\n`, lines };
}

/**
 * @param {import('esbuild').BuildOptions & { entryPoints: [string], absWorkingDir: string }} options
 * @returns {Promise<{ code: string, map: string | null }>} the program, and its source map where one was asked for
 */
export async function bundle(options) {
  const { outputFiles, metafile } = await build({
    ...options,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    write: false,
    metafile: true,
    outdir: 'parts',
    entryNames: '[name]',
    chunkNames: '[name]-[hash]',
    plugins: [WITHOUT_PROCESSES],
    logLevel: 'warning',
  });
  const nameOf = (path) => `./${path.slice(path.lastIndexOf('/') + 1)}`;
  const parts = new Map();
  const maps = new Map();
  for (const { path, text } of outputFiles) {
    if (path.endsWith('.map')) maps.set(nameOf(path).slice(0, -'.map'.length), JSON.parse(text));
    else parts.set(nameOf(path), functionBody(text));
  }
  const [main] = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === options.entryPoints[0]) ?? [];
  // What the program starts with is one script, in the order in which it must be evaluated.
  const first = [];
  const visit = (name) => {
    if (first.includes(name)) return;
    for (const need of parts.get(name).needs) visit(need);
    first.push(name);
  };
  visit(nameOf(main));
  const start = '(function(_r_,_p_,later,done,require){"use strict";\n';
  const inside = new Map();
  let together = start;
  for (const name of first) {
    together += `done["${name}"]=(()=>{\n`;
    inside.set(name, together.split('\n').length - 1);
    together += `${parts.get(name).body}\n})()??{};\n`;
  }
  const texts = [[nameOf(main), `${together}})`]];
  for (const [name, { body }] of parts) if (!first.includes(name)) texts.push([name, `${start}${body}\n})`]);
  const { code, lines } = await assemble(texts);
  const sections = [];
  for (const [name, map] of maps) {
    const line = inside.has(name) ? lines.get(nameOf(main)) + inside.get(name) : lines.get(name) + 1;
    sections.push({ offset: { line, column: 0 }, map });
  }
  sections.sort((a, b) => a.offset.line - b.offset.line);
  return { code, map: sections.length === 0 ? null : JSON.stringify({ version: 3, sections }) };
}
