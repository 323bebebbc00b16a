/**
 * POSIX extended regular expressions for the `regexp` command. Patterns and texts come from the disk, so the matcher
 * follows all alternatives at once and never goes back: its work is at most the pattern's size times the text's length.
 *
 * Back references are the one thing of GRUB's own matcher that is not here: no such bound exists for them.
 */

/** Tells whether one character belongs to a set. */
type CharacterSet = (c: string) => boolean;

type Assertion = 'start' | 'end' | 'word-edge' | 'no-word-edge' | 'word-start' | 'word-end';

/** What a pattern is made of. */
type Node =
  | { readonly kind: 'set'; readonly has: CharacterSet }
  | { readonly kind: 'assertion'; readonly what: Assertion }
  | { readonly kind: 'sequence'; readonly parts: readonly Node[] }
  | { readonly kind: 'choice'; readonly branches: readonly Node[] }
  | { readonly kind: 'group'; readonly number: number; readonly body: Node }
  | { readonly kind: 'repeat'; readonly body: Node; readonly least: number; readonly most: number };

/** One step of the compiled pattern. */
type Instruction =
  | { readonly op: 'set'; readonly has: CharacterSet }
  | { readonly op: 'assert'; readonly what: Assertion }
  | { readonly op: 'split'; first: number; second: number }
  | { readonly op: 'jump'; to: number }
  | { readonly op: 'save'; readonly slot: number }
  | { readonly op: 'match' };

/** A pattern that cannot be used; `message` says why. */
export class PatternError extends Error {}

/** Where a match and its groups are: pairs of start and end, -1 for groups that took no part. */
export type Match = readonly number[];

const isDigit = (c: string): boolean => c >= '0' && c <= '9';
const isUpper = (c: string): boolean => c >= 'A' && c <= 'Z';
const isLower = (c: string): boolean => c >= 'a' && c <= 'z';
const isAlpha = (c: string): boolean => isUpper(c) || isLower(c);
const isAlnum = (c: string): boolean => isAlpha(c) || isDigit(c);
const isWord = (c: string): boolean => c.length === 1 && (isAlnum(c) || c === '_');
const isGraph = (c: string): boolean => c > ' ' && c !== '\x7f';

/** POSIX character classes, in the C locale that GRUB runs in. */
const CLASSES = new Map<string, CharacterSet>([
  ['alpha', isAlpha],
  ['digit', isDigit],
  ['alnum', isAlnum],
  ['upper', isUpper],
  ['lower', isLower],
  ['space', (c) => c === ' ' || (c >= '\t' && c <= '\r')],
  ['blank', (c) => c === ' ' || c === '\t'],
  ['punct', (c) => isGraph(c) && !isAlnum(c)],
  ['print', (c) => isGraph(c) || c === ' '],
  ['graph', isGraph],
  ['cntrl', (c) => c < ' ' || c === '\x7f'],
  ['xdigit', (c) => isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')],
]);

/** Escapes with a meaning of their own, as in GNU's library. */
const ESCAPED = new Map<string, Node>([
  ['w', { kind: 'set', has: isWord }],
  ['W', { kind: 'set', has: (c) => !isWord(c) }],
  ['s', { kind: 'set', has: (c) => c === ' ' || (c >= '\t' && c <= '\r') }],
  ['S', { kind: 'set', has: (c) => !(c === ' ' || (c >= '\t' && c <= '\r')) }],
  ['b', { kind: 'assertion', what: 'word-edge' }],
  ['B', { kind: 'assertion', what: 'no-word-edge' }],
  ['<', { kind: 'assertion', what: 'word-start' }],
  ['>', { kind: 'assertion', what: 'word-end' }],
  ['`', { kind: 'assertion', what: 'start' }],
  ["'", { kind: 'assertion', what: 'end' }],
]);

/** Largest count in braces (POSIX's RE_DUP_MAX as GNU has it). */
const MOST_REPEATS = 0x7fff;

class PatternParser {
  groups = 0;
  private at = 0;
  private depth = 0;

  constructor(
    private readonly text: string,
    private readonly nesting: number,
  ) {}

  parse(): Node {
    const node = this.choice();
    if (this.at < this.text.length) throw new PatternError('there is a ) without its (');
    return node;
  }

  private peek(): string {
    return this.text.charAt(this.at);
  }

  private choice(): Node {
    this.depth += 1;
    if (this.depth > this.nesting) throw new PatternError('the pattern nests too deep');
    const branches = [this.sequence()];
    while (this.peek() === '|') {
      this.at += 1;
      branches.push(this.sequence());
    }
    this.depth -= 1;
    const [only] = branches;
    return branches.length === 1 && only !== undefined ? only : { kind: 'choice', branches };
  }

  private sequence(): Node {
    const parts: Node[] = [];
    while (this.at < this.text.length && this.peek() !== '|' && !(this.peek() === ')' && this.depth > 1)) {
      let node = this.atom();
      let repeats = 0;
      for (let range = this.repeat(); range !== null; range = this.repeat()) {
        repeats += 1;
        if (repeats > this.nesting) throw new PatternError('the pattern nests too deep');
        if (node.kind === 'assertion') throw new PatternError('a repetition follows nothing that can be repeated');
        node = { kind: 'repeat', body: node, least: range[0], most: range[1] };
      }
      parts.push(node);
    }
    return { kind: 'sequence', parts };
  }

  /** The repetition that stands here; null when there is none. */
  private repeat(): [number, number] | null {
    const c = this.peek();
    if (c === '*' || c === '+' || c === '?') {
      this.at += 1;
      return [c === '+' ? 1 : 0, c === '?' ? 1 : Number.POSITIVE_INFINITY];
    }
    if (c !== '{') return null;
    this.at += 1;
    const least = this.number();
    let most = least;
    if (this.peek() === ',') {
      this.at += 1;
      most = this.number() ?? Number.POSITIVE_INFINITY;
    }
    if (this.peek() !== '}' || most === null) throw new PatternError('a { does not hold a count');
    this.at += 1;
    const range: [number, number] = [least ?? 0, most];
    if (range[0] > range[1] || range[0] > MOST_REPEATS || (Number.isFinite(range[1]) && range[1] > MOST_REPEATS)) {
      throw new PatternError('a { holds an impossible count');
    }
    return range;
  }

  private number(): number | null {
    const start = this.at;
    while (isDigit(this.peek()) && this.peek() !== '') this.at += 1;
    return this.at === start ? null : Number.parseInt(this.text.slice(start, Math.min(this.at, start + 9)), 10);
  }

  private atom(): Node {
    const c = this.peek();
    this.at += 1;
    if (c === '(') {
      this.groups += 1;
      const number = this.groups;
      const body = this.choice();
      if (this.peek() !== ')') throw new PatternError('there is a ( without its )');
      this.at += 1;
      return { kind: 'group', number, body };
    }
    if (c === '[') return { kind: 'set', has: this.bracket() };
    if (c === '.') return { kind: 'set', has: () => true };
    if (c === '^') return { kind: 'assertion', what: 'start' };
    if (c === '$') return { kind: 'assertion', what: 'end' };
    if (c === '*' || c === '+' || c === '?' || c === '{') throw new PatternError('a repetition follows nothing that can be repeated');
    if (c === '\\') return this.escape();
    return { kind: 'set', has: (other) => other === c };
  }

  private escape(): Node {
    const c = this.peek();
    if (c === '') throw new PatternError('the pattern ends in a backslash');
    this.at += 1;
    if (c >= '1' && c <= '9') throw new PatternError('back references are not supported');
    return ESCAPED.get(c) ?? { kind: 'set', has: (other) => other === c };
  }

  /** `[...]`: a backslash is an ordinary character in it, and so is a `]` at its start. */
  private bracket(): CharacterSet {
    const negated = this.peek() === '^';
    if (negated) this.at += 1;
    const singles = new Set<string>();
    const sets: CharacterSet[] = [];
    for (let first = true; ; first = false) {
      const c = this.peek();
      if (c === '') throw new PatternError('there is a [ without its ]');
      if (c === ']' && !first) break;
      const kind = this.text.charAt(this.at + 1);
      if (c === '[' && kind === ':') {
        const end = this.text.indexOf(':]', this.at + 2);
        const set = end < 0 ? undefined : CLASSES.get(this.text.slice(this.at + 2, end));
        if (set === undefined) throw new PatternError('a [: :] names no class of characters');
        sets.push(set);
        this.at = end + 2;
        continue;
      }
      const from = this.bracketCharacter();
      if (this.peek() === '-' && this.text.charAt(this.at + 1) !== ']' && this.text.charAt(this.at + 1) !== '') {
        this.at += 1;
        const to = this.bracketCharacter();
        if (from > to) throw new PatternError('a range of characters ends before it starts');
        sets.push((other) => other >= from && other <= to);
      } else singles.add(from);
    }
    this.at += 1;
    return (c) => (singles.has(c) || sets.some((has) => has(c))) !== negated;
  }

  /** A character, plain or as `[.c.]` or `[=c=]`. */
  private bracketCharacter(): string {
    const kind = this.text.charAt(this.at + 1);
    if (this.peek() === '[' && (kind === '.' || kind === '=')) {
      const c = this.text.charAt(this.at + 2);
      if (this.text.slice(this.at + 3, this.at + 5) !== `${kind}]`) throw new PatternError(`a [${kind} has no end`);
      this.at += 5;
      return c;
    }
    this.at += 1;
    return this.text.charAt(this.at - 1);
  }
}

class Compiler {
  readonly program: Instruction[] = [];

  constructor(private readonly most: number) {}

  private emit<T extends Instruction>(instruction: T): T {
    if (this.program.length >= this.most) throw new PatternError(`the pattern needs more than ${this.most} steps`);
    this.program.push(instruction);
    return instruction;
  }

  compile(node: Node): void {
    if (node.kind === 'set') this.emit({ op: 'set', has: node.has });
    else if (node.kind === 'assertion') this.emit({ op: 'assert', what: node.what });
    else if (node.kind === 'sequence') for (const part of node.parts) this.compile(part);
    else if (node.kind === 'group') {
      this.emit({ op: 'save', slot: node.number * 2 });
      this.compile(node.body);
      this.emit({ op: 'save', slot: node.number * 2 + 1 });
    } else if (node.kind === 'choice') this.choice(node.branches);
    else this.repeat(node.body, node.least, node.most);
  }

  private choice(branches: readonly Node[]): void {
    const ends: { to: number }[] = [];
    for (const [i, branch] of branches.entries()) {
      if (i === branches.length - 1) {
        this.compile(branch);
        break;
      }
      const split = this.emit({ op: 'split' as const, first: this.program.length + 1, second: 0 });
      this.compile(branch);
      ends.push(this.emit({ op: 'jump' as const, to: 0 }));
      split.second = this.program.length;
    }
    for (const end of ends) end.to = this.program.length;
  }

  private repeat(body: Node, least: number, most: number): void {
    for (let i = 0; i < least; i++) this.compile(body);
    if (!Number.isFinite(most)) {
      const split = this.emit({ op: 'split' as const, first: this.program.length + 1, second: 0 });
      const start = this.program.length - 1;
      this.compile(body);
      this.emit({ op: 'jump', to: start });
      split.second = this.program.length;
      return;
    }
    const splits: { second: number }[] = [];
    for (let i = least; i < most; i++) {
      splits.push(this.emit({ op: 'split' as const, first: this.program.length + 1, second: 0 }));
      this.compile(body);
    }
    for (const split of splits) split.second = this.program.length;
  }
}

/** A way through the pattern that is still open. */
interface Thread {
  readonly at: number;
  readonly saved: readonly number[];
}

/** A compiled pattern. */
export class RegularExpression {
  /** Groups in parentheses. */
  readonly groups: number;
  private readonly program: readonly Instruction[];

  /**
   * @param most steps of the compiled pattern (`Limits.patternSize`)
   * @param nesting depth of parentheses (`Limits.scriptNesting`)
   * @throws PatternError
   */
  constructor(pattern: string, most: number, nesting: number) {
    const parser = new PatternParser(pattern, nesting);
    const node = parser.parse();
    const compiler = new Compiler(most);
    compiler.compile(node);
    this.program = [...compiler.program, { op: 'match' }];
    this.groups = parser.groups;
  }

  /** Work of one search: `charge` it before searching. */
  cost(text: string): number {
    return this.program.length * (text.length + 1);
  }

  /** The leftmost match, and the longest of those that start there; null when there is none. */
  search(text: string): Match | null {
    let best: readonly number[] | null = null;
    let threads: Thread[] = [];
    const bestEnd = (): number => best?.[1] ?? -1;
    for (let position = 0; position <= text.length; position++) {
      const seen = new Set<number>();
      const ready: Thread[] = [];
      const found = (saved: readonly number[]): void => {
        const start = saved[0] ?? 0;
        if (best === null || start < (best[0] ?? 0) || (start === best[0] && position > bestEnd())) {
          best = saved.with(1, position);
        }
      };
      for (const thread of threads) this.follow(thread, position, text, seen, ready, found);
      if (best === null) {
        const saved = new Array<number>(2 * (this.groups + 1)).fill(-1);
        saved[0] = position;
        this.follow({ at: 0, saved }, position, text, seen, ready, found);
      }
      const c = text.charAt(position);
      threads = [];
      for (const { at, saved } of ready) {
        const instruction = this.program[at];
        if (position < text.length && instruction?.op === 'set' && instruction.has(c)) threads.push({ at: at + 1, saved });
      }
      if (threads.length === 0 && best !== null) break;
    }
    return best;
  }

  /** Follows everything that needs no character, in order of preference, to the sets that do. */
  private follow(
    start: Thread,
    position: number,
    text: string,
    seen: Set<number>,
    ready: Thread[],
    found: (saved: readonly number[]) => void,
  ): void {
    const stack: Thread[] = [start];
    for (let thread = stack.pop(); thread !== undefined; thread = stack.pop()) {
      const { at, saved } = thread;
      if (seen.has(at)) continue;
      seen.add(at);
      const instruction = this.program[at];
      if (instruction === undefined) continue;
      if (instruction.op === 'set') ready.push(thread);
      else if (instruction.op === 'match') found(saved);
      else if (instruction.op === 'jump') stack.push({ at: instruction.to, saved });
      else if (instruction.op === 'save') stack.push({ at: at + 1, saved: saved.with(instruction.slot, position) });
      else if (instruction.op === 'assert') {
        if (holds(instruction.what, text, position)) stack.push({ at: at + 1, saved });
      } else {
        stack.push({ at: instruction.second, saved });
        stack.push({ at: instruction.first, saved });
      }
    }
  }
}

function holds(what: Assertion, text: string, position: number): boolean {
  if (what === 'start') return position === 0;
  if (what === 'end') return position === text.length;
  const before = isWord(text.charAt(position - 1));
  const after = isWord(text.charAt(position));
  if (what === 'word-edge') return before !== after;
  if (what === 'no-word-edge') return before === after;
  return what === 'word-start' ? !before && after : before && !after;
}
