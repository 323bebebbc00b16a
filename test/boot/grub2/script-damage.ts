/** Small damage to a script: characters that mean something put in, taken out or replaced, lines doubled or lost. */
import type { Random } from '../../support/mutation.js';

const CHARACTERS = [..."{}{}\"''$$\\\\;;|&<>#\n\n ()[]=!*?x0"];

/** The same random numbers give the same damage. */
export function damagedScript(script: string, random: Random): string {
  let text = script;
  for (let changes = 1 + random.next(4); changes > 0; changes--) {
    const at = random.next(text.length);
    const kind = random.next(4);
    if (kind === 0) text = text.slice(0, at) + text.slice(at + 1);
    else if (kind === 1) text = text.slice(0, at) + random.pick(CHARACTERS) + text.slice(at);
    else if (kind === 2) text = text.slice(0, at) + random.pick(CHARACTERS) + text.slice(at + 1);
    else {
      const lines = text.split('\n');
      const line = random.next(lines.length);
      if (random.next(2) === 0) lines.splice(line, 0, random.pick(lines));
      else lines.splice(line, 1);
      text = lines.join('\n');
    }
  }
  return text;
}
