// Preloaded with `node --import`: writes the peak resident set (KiB) of the process to the file in TYGRUB_TEST_PEAK.
import { writeFileSync } from 'node:fs';

process.on('exit', () => {
  const file = process.env['TYGRUB_TEST_PEAK'];
  if (file !== undefined) writeFileSync(file, String(process.resourceUsage().maxRSS));
});
