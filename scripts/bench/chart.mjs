// The table as a picture: a bar for the median wall time of each program, a darker one for its CPU time.
const ROW = 26;
const LEFT = 330;
const WIDTH = 900;

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** @param {import('./run.mjs').Row[]} rows */
export function chart(rows, title) {
  const shown = rows.filter((row) => row.wall !== undefined);
  const longest = Math.max(...shown.map((row) => row.wall.median));
  const scale = (seconds) => ((WIDTH - LEFT - 80) * seconds) / longest;
  const bars = shown.flatMap((row, i) => {
    const y = 44 + i * ROW;
    const fill = row.name.startsWith('tygrub') ? ['#7cb5d8', '#1f6f9f'] : ['#d0d0d0', '#808080'];
    return [
      `<text x="${LEFT - 8}" y="${y + 14}" text-anchor="end">${escaped(row.name)}${row.image === null ? '' : `, ${row.image}`}</text>`,
      `<rect x="${LEFT}" y="${y + 2}" width="${scale(row.wall.median).toFixed(1)}" height="16" fill="${fill[0]}"/>`,
      `<rect x="${LEFT}" y="${y + 13}" width="${Math.min(scale(row.cpu.median), WIDTH - LEFT - 80).toFixed(1)}" height="5" fill="${fill[1]}"/>`,
      `<text x="${(LEFT + scale(row.wall.median) + 6).toFixed(1)}" y="${y + 14}">${(row.wall.median * 1000).toFixed(0)} ms</text>`,
    ];
  });
  const height = 60 + shown.length * ROW;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13">
<rect width="100%" height="100%" fill="white"/>
<text x="16" y="24" font-size="15">${escaped(title)}</text>
${bars.join('\n')}
<text x="16" y="${height - 6}" fill="#555" font-size="11">median wall time; the dark line is CPU time</text>
</svg>
`;
}
