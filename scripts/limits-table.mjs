// Writes the table of bounds in SECURITY.md from src/limits.ts: each field with its default and its own comment.
//   node scripts/limits-table.mjs           writes it
//   node scripts/limits-table.mjs --check   fails when it is not what stands there
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const source = fileURLToPath(new URL('../src/limits.ts', import.meta.url));
const document = fileURLToPath(new URL('../SECURITY.md', import.meta.url));
const [START, END] = ['<!-- bounds: written by scripts/limits-table.mjs -->', '<!-- end of bounds -->'];

const text = readFileSync(source, 'utf8');
const file = ts.createSourceFile(source, text, ts.ScriptTarget.ES2022, true);
const words = new Map();
const defaults = new Map();
const visit = (node) => {
  if (ts.isInterfaceDeclaration(node) && node.name.text === 'Limits') {
    for (const member of node.members) {
      const comment = ts.getTextOfJSDocComment(ts.getJSDocCommentsAndTags(member)[0]?.comment) ?? '';
      words.set(member.name.getText(), comment.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|'));
    }
  }
  if (ts.isVariableDeclaration(node) && node.name.getText() === 'DEFAULT_LIMITS') {
    const values = node.initializer.arguments[0];
    for (const row of values.properties) defaults.set(row.name.getText(), amount(row.initializer.getText()));
  }
  ts.forEachChild(node, visit);
};

/** `1 * GiB` as people write it: `1 GiB`; plain numbers with separators of thousands. */
function amount(code) {
  const sized = /^([\d_]+) \* ([KMGT]iB)$/.exec(code);
  if (sized !== null) return `${sized[1]} ${sized[2]}`;
  return code.replaceAll(/[\d_]+/g, (digits) => Number(digits.replaceAll('_', '')).toLocaleString('en'));
}

visit(file);
const rows = [...words].map(([name, reason]) => `| \`${name}\` | ${defaults.get(name) ?? '?'} | ${reason} |`);
const table = [START, '', '| Bound | Default | What it bounds |', '|---|---|---|', ...rows, '', END].join('\n');
const old = readFileSync(document, 'utf8');
const from = old.indexOf(START);
const to = old.indexOf(END);
if (from < 0 || to < from) throw new Error(`${document} has no place for the table`);
const wanted = old.slice(0, from) + table + old.slice(to + END.length);
if (wanted === old) process.exit(0);
if (process.argv.includes('--check')) {
  console.error('SECURITY.md does not have the bounds of src/limits.ts: node scripts/limits-table.mjs');
  process.exit(1);
}
writeFileSync(document, wanted);
