// Loaded before a program (`node --require`): ends it with SIGKILL right after its TYGRUB_TEST_KILL_AFTER-th change to a file.
// Changes are what a repair can do to the host: writes, flushes, new lengths, new names. Each is noted in TYGRUB_TEST_LOG.
const fs = require('node:fs');

const last = Number(process.env['TYGRUB_TEST_KILL_AFTER']);
const torn = process.env['TYGRUB_TEST_TORN'] === 'yes';
const log = fs.openSync(process.env['TYGRUB_TEST_LOG'], 'a');
const { writeSync } = fs;
let count = 0;

function changed(name) {
  writeSync(log, `${name}\n`);
  count++;
  if (count === last) process.kill(process.pid, 'SIGKILL');
}

for (const name of ['writeSync', 'fsyncSync', 'fdatasyncSync', 'ftruncateSync', 'renameSync', 'linkSync', 'unlinkSync']) {
  const original = fs[name];
  fs[name] = (...args) => {
    if (name === 'writeSync' && args[0] <= 2) return original(...args); // what it says to people
    if (torn && name === 'writeSync' && count + 1 === last) {
      const [fd, bytes, offset, length, position] = args;
      original(fd, bytes, offset, Math.floor(length / 2), position);
      changed('torn writeSync');
    }
    const result = original(...args);
    changed(name);
    return result;
  };
}
// Were one of these used, the counting above would miss it.
for (const name of [
  'write',
  'writev',
  'writevSync',
  'writeFile',
  'writeFileSync',
  'appendFileSync',
  'copyFileSync',
  'fsync',
  'ftruncate',
  'rename',
]) {
  fs[name] = () => {
    throw new Error(`fs.${name} is not counted by kill-after.cjs`);
  };
}
