/** Random GRUB scripts: mostly right, sometimes with the mistakes that people make. The same seed gives the same script. */
import type { Random } from '../../support/mutation.js';
import { GuestStatements } from './guest-statements.js';

const VARIABLES = ['va', 'vb', 'vc', 'v_d'];
const VALUES = [
  "'  one   two '",
  "''",
  'x',
  '"a b"',
  "'it\"s'",
  "'q\\\\q'",
  '"d\\$e"',
  '12',
  '010',
  "'-n'",
  "'a=b c'",
  "'T y'",
  '"tab\tx"',
  "'!'",
  "'#h'",
];

export class ScriptGenerator {
  private functions: string[] = [];
  private counters = 0;
  private depth = 0;

  private readonly guest: GuestStatements;

  constructor(private readonly random: Random) {
    this.guest = new GuestStatements(random);
  }

  private one<T>(items: readonly T[]): T {
    return this.random.pick(items);
  }

  private chance(percent: number): boolean {
    return this.random.next(100) < percent;
  }

  private variable(): string {
    const name = this.one([...VARIABLES, ...VARIABLES, '1', '2', '#', '*', '@', '?', 'undefined', '0', '3']);
    return this.chance(50) ? `$${name}` : `\${${name}}`;
  }

  private piece(): string {
    const roll = this.random.next(100);
    if (roll < 35)
      return this.one(['a', 'b', 'xy', '1', 'a-b', 'k=v', '.', '~', ':', ',', 'a#b', '/d/f', '(', ')', '[', ']', '%', '^', '!']);
    if (roll < 55) return this.variable();
    if (roll < 70)
      return `"${this.one(['', ' ', 'a b', '\\"', '\\$', '\\\\', '\\n', "'", '#', ';', '{', '}', '\\\n', '\n', 'l\nm'])}${this.chance(50) ? this.variable() : ''}"`;
    if (roll < 82) return `'${this.one(['', ' ', 'a  b', '"', '$va', '\\', '#', ';', '{ x', '\n', 'p\nq', '\\\n'])}'`;
    if (roll < 92) return `\\${this.one([' ', ';', '$', '"', "'", '\\', '#', '{', '}', '&', 'n', '|', '<', '>', '\n', 'x41', '*'])}`;
    if (roll < 95)
      return `$"${this.one(['hi', 'a $va b', '\\$x', `\${vb}`, "it's", '\\n\\\\', '$- $', `$1 \${1} \${*} $*`, `$# \${#} $?`, `\${a b}c`, `x\${va`, '\\"q', 'l\nm', '*', '\\\n', '{;'])}"`;
    return this.one(['c', 'd', 'e']);
  }

  private word(): string {
    let word = '';
    const pieces = 1 + this.random.next(3);
    for (let i = 0; i < pieces; i++) word += this.piece();
    return word.startsWith('*') || word.startsWith('#') ? `w${word}` : word;
  }

  private words(most: number): string {
    let text = '';
    for (let i = this.random.next(most + 1); i > 0; i--) text += `${this.one([' ', ' ', '  ', '\t'])}${this.word()}`;
    return text;
  }

  /** A mistake, or something that looks like one. */
  private mistake(): string {
    return this.one([
      'T a > b',
      'T a && T b',
      'T "$ 5"',
      'T a{b}c',
      'T { T inner }',
      'fi',
      'done',
      'T x;;T y',
      ';',
      'nosuch -a b',
      'if true; then\nfi',
      "T 'open\nT close'",
      '"" T b',
      '$undefined T c',
      'T $- d',
      '[[ a ]]',
      'T if then fi [ ]',
      'set nothing',
      'for i\ndo T never; done',
      'function bad { T one }',
      'menuentry a\n{\n T on its own\n}',
      '! ! true',
      '!true',
      '{ T group; }',
      'x = 5',
      'return 7',
      'break',
      'T "${va"',
    ]);
  }

  private test(): string {
    const operand = (): string =>
      this.one(['a', 'b', '""', '"$va"', '$vb', '$undefined', '10', '9', '010', '0x10', '-1', 'k-2', 'k-10', "'('", 'x$vc']);
    const simple = (): string =>
      this.one([
        () => `${operand()} ${this.one(['=', '==', '!=', "'<'", "'>'", "'<='"])} ${operand()}`,
        () => `${operand()} ${this.one(['-eq', '-ne', '-lt', '-le', '-gt', '-ge', '-pgt', '-plt'])} ${operand()}`,
        () => `${this.one(['-n', '-z'])} ${operand()}`,
        () =>
          `${this.one(['-e', '-f', '-d', '-s'])} ${this.one(['/d', '/d/f', '/empty', '/none', '/d/', '""', 'd', '(hd0)/d/f', '/d/../d/f'])}`,
        () => operand(),
        () => `! ${operand()}`,
        () => `'(' ${operand()} = ${operand()} ')'`,
      ])();
    let text = simple();
    while (this.chance(35)) text += ` ${this.one(['-a', '-o', '-o', ''])} ${simple()}`;
    return this.one([`[ ${text} ]`, `[ ${text} ]`, `test ${text}`, `[ ${text}`]);
  }

  private condition(): string {
    return this.one([
      () => this.test(),
      () => this.test(),
      () => 'true',
      () => 'false',
      () => '! false',
      () => `! ${this.test()}`,
      () => 'true; false',
      () => 'nosuch',
    ])();
  }

  private simple(): string {
    if (this.chance(20)) return this.guest.statement();
    const name = this.one(VARIABLES);
    return this.one([
      () => `T${this.words(4)}`,
      () => `T${this.words(4)}`,
      () => `T${this.words(2)} $?`,
      () => `set ${name}=${this.chance(50) ? this.one(VALUES) : this.word()}`,
      () => `${name}=${this.chance(50) ? this.one(VALUES) : this.word()}`,
      () => `unset ${name}`,
      () => `export ${name}`,
      () => `${this.condition()}\nT $?`,
      () =>
        `eval ${this.one(["'T ev; T ew'", '"T $va"', '$vb', "'set va=e'", "'if true; then T et; fi'", "'T bad > x'", `"T \\"$va\\" '$vb'"`, `T "'$va x'"`, '"T a" b', '"$vc"', "'menuentry ev --id ev { T ev; finish; }'", '\'eval "T in"\''])}\nT $?`,
      () => `${this.functions.length > 0 ? this.one(this.functions) : 'T'}${this.words(3)}`,
      () => (this.chance(50) ? this.mistake() : `T ${this.word()}`),
      () => `setparams${this.words(2)}`,
      () => `shift${this.one(['', ' 1', ' 2', ' x'])}`,
      () =>
        `regexp${this.one(['', ' -s va', ' --set 1:va --set 2:vb', ' --set=0:vc'])} ${this.one(["'(a+)(b*)'", "'^x'", "'(one|two)'", "'[^ ]+$'"])} ${this.word()}\nT $?`,
      () => `T a # comment`,
      () => `# comment ${this.word().replaceAll('\n', ' ')}`,
    ])();
  }

  private list(statements: number): string {
    let text = '';
    for (let i = 0; i < statements; i++) text += `${this.statement()}${this.one(['\n', '\n', '; ', ' ;', '\n\n'])}`;
    return text;
  }

  private body(): string {
    this.depth += 1;
    const text = this.list(1 + this.random.next(3));
    this.depth -= 1;
    return text;
  }

  private statement(): string {
    const roll = this.random.next(100);
    if (roll < 70 || this.depth > 2) return this.simple();
    if (roll < 82) {
      const elif = this.chance(30) ? `elif ${this.condition()}; then ${this.body()}` : '';
      const otherwise = this.chance(50) ? `else${this.one([' ', '\n'])}${this.body()}` : '';
      return `if ${this.condition()}${this.one(['; ', '\n'])}then${this.one([' ', '\n'])}${this.body()}${elif}${otherwise}fi`;
    }
    const leave = this.chance(40)
      ? `if ${this.condition()}; then ${this.one(['break', 'continue', 'break 2', 'continue 2', 'return', 'return 3'])}; fi\n`
      : '';
    if (roll < 92) return `for ${this.one(['va', 'vi', 'vj'])} in${this.words(3)}; do ${leave}${this.body()}done`;
    this.counters += 1;
    const counter = `count_${this.counters}`;
    const loop = this.one([`while [ "$${counter}" != xxx ]`, `until [ "$${counter}" = xx ]`]);
    return `set ${counter}=; ${loop}; do set ${counter}="x$${counter}"; ${leave}${this.body()}done`;
  }

  private definition(): string {
    const name = `f_${this.functions.length}`;
    // Only functions that were there before are called inside: nothing recurs without end.
    const body = this.body();
    this.functions.push(name);
    return `function ${name} {\n${body}T in_${name} "$#" "$1" "$@"\n}`;
  }

  private entry(depth: number, ids: string[]): string {
    const title = this.one(['plain', "'two words'", '"v $va"', "'a>b'", "'7'", 'e1', "'it'\\''s'", "''"]);
    const id = this.chance(50) ? ` --id ${this.one(['one', 'two', "'x>y'", '3', "'sp ace'", '"$vb"'])}` : '';
    ids.push(title, id.slice(6));
    // With an empty title, an option that takes the block for its value would make GRUB write before its memory.
    const extra =
      title !== "''" && this.chance(30)
        ? ` ${this.one(['p1', '"$vc"', '--class c', '--users u', '--unrestricted', '--hotkey=q', '--unknown z', '$menuentry_id_option mid', '--', '-- --id x', 'p1 p2 "p 3"', '--class', '--id=', '-x', '--users', '--hotkey z q'])}`
        : '';
    if (depth < 2 && this.chance(25)) {
      let inner = '';
      for (let i = 1 + this.random.next(3); i > 0; i--) inner += `${this.entry(depth + 1, ids)}\n`;
      const choice = this.chance(20) ? `set default=${this.one(['1', "'it'\\''s'", 'one', '"1>0"', '9'])}\n` : '';
      return `submenu ${title}${id}${extra} {\nT sub "$chosen" "$#" "$1" "$2" "$default" "$timeout" "$vc"\n${this.simple()}\n${inner}${choice}}`;
    }
    if (this.chance(8))
      return `menuentry ${title}${id} --source ${this.one(['\'T src "$1" "$chosen"; finish\'', '"T $va; finish"', "'T a > b; finish'", '""'])}${this.one(['', ' { T both; }'])}`;
    return `menuentry ${title}${extra}${id} {\n${this.list(1 + this.random.next(2))}T done "$chosen" "$1" "$2" "$#" "$va"\nfinish\n}`;
  }

  /** A whole script with a menu and a default. */
  script(): string {
    const parts: string[] = [];
    for (let i = 4 + this.random.next(10); i > 0; i--) parts.push(this.chance(12) ? this.definition() : this.statement());
    const ids: string[] = [];
    for (let i = this.random.next(4); i > 0; i--) parts.push(this.entry(0, ids));
    parts.push('menuentry last --id last {\nT last "$chosen"\nfinish\n}');
    const bare = ids.map((id) => id.replace(/^['"]|['"]$/g, '')).filter((id) => id !== '' && !id.includes("'") && !id.includes('"'));
    const wanted = this.one([
      '0',
      '1',
      '2',
      '9',
      '0x1',
      '01',
      '1>0',
      '1>x',
      ' 1',
      '1 ',
      '1 0',
      '>0',
      '1>',
      '1>>0',
      'last ',
      '-1',
      '1x>0',
      '0x',
      's1',
      'ev',
      '0>1>0',
      ...bare,
      ...bare.map((id) => `${id}>0`),
      ...bare.map((id) => id.replaceAll('>', '>>')),
      ...bare.map((id) => `${id}>${this.one(bare)}`),
      ...bare.map((id) => `${this.one(bare)}>${id}>0`),
      'none',
    ]);
    parts.push(`default='${wanted}'`);
    return `${parts.join('\n')}\n`;
  }
}
