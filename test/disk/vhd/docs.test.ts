import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FINDING_KINDS } from '../../../src/disk/vhd/index.js';
import { ROOT } from '../../support/program.js';

describe('docs/vhd.md', () => {
  const rows = new Map(
    readFileSync(join(ROOT, 'docs/vhd.md'), 'utf8')
      .split('\n')
      .map((line) => line.split('|').map((cell) => cell.trim()))
      .filter((cells) => cells.length === 6 && cells[1]?.startsWith('`') === true)
      .map(([, code = '', severity, meaning, remedy = '']) => [code.replaceAll('`', ''), { severity, meaning, remedy }]),
  );

  it('lists every code of vhd check with its severity, meaning and remedy, and no other', () => {
    expect([...rows.keys()]).toEqual([...FINDING_KINDS.keys()]);
    for (const [code, { severity, meaning, remedy }] of FINDING_KINDS) {
      const command = remedy === null ? '' : `\`${remedy.replace('{image}', 'IMAGE')}\``;
      expect(rows.get(code)).toEqual({ severity, meaning, remedy: command });
    }
  });
});
