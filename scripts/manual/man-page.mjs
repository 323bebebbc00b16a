// A manual page (roff, man macros) from the description of a program.

/** Text as roff shows it: no escapes, no requests, hyphens that can be copied. */
function roff(text) {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1');
}

function optionTag(option) {
  const names = [option.short, option.long].filter((name) => name !== null).map((name) => `\\fB${roff(name)}\\fR`);
  if (option.value === null) return names.join(', ');
  const value = option.choices.length > 0 ? option.choices.join('|') : option.value;
  return `${names.join(', ')}${option.optionalValue ? ` [\\fI${roff(value)}\\fR]` : ` \\fI${roff(value)}\\fR`}`;
}

const optionLines = (options) => options.flatMap((option) => ['.TP', optionTag(option), roff(option.words)]);

/** The part of an option that makes it the same in several commands. */
const key = (option) => `${option.short} ${option.long} ${option.words}`;

/** All commands that do something, with the whole name of each. */
function leaves(command, prefix) {
  if (command.commands.length === 0) return [{ ...command, path: prefix }];
  return command.commands.flatMap((below) => leaves(below, `${prefix} ${below.name}`));
}

function synopsis(command) {
  const words = command.arguments.map(({ name }) => `\\fI${roff(name)}\\fR`);
  return `\\fB${roff(command.path)}\\fR [\\fIoption\\fR]... ${words.join(' ')}`;
}

function section(heading, lines) {
  return lines === undefined || lines.length === 0 ? [] : [`.SH ${heading}`, ...lines];
}

const verbatim = (lines) => ['.nf', ...lines.map(roff), '.fi'];

/**
 * @param {import('./programs.mjs').ManualCommand} program
 * @param {{ version: string, date: string, seeAlso: string[] }} facts `date` as YYYY-MM-DD
 */
export function manPage(program, { version, date, seeAlso }) {
  const commands = leaves(program, program.name);
  const single = program.commands.length === 0;
  const uses = new Map();
  for (const command of commands) for (const option of command.options) uses.set(key(option), (uses.get(key(option)) ?? 0) + 1);
  const shared = new Map(
    commands.flatMap((command) =>
      command.options.filter((option) => (uses.get(key(option)) ?? 0) > 2).map((option) => [key(option), option]),
    ),
  );
  const commandLines = commands.flatMap((command) => {
    const common = command.options.filter((option) => shared.has(key(option))).map((option) => option.long ?? option.short);
    return [
      `.SS ${roff(command.path)}`,
      synopsis(command),
      '.PP',
      roff(`${command.words}.`),
      ...command.arguments.filter(({ words }) => words !== '').flatMap(({ name, words }) => ['.TP', `\\fI${roff(name)}\\fR`, roff(words)]),
      ...optionLines(command.options.filter((option) => !shared.has(key(option)))),
      ...(common.length > 0 ? ['.PP', `Common options: ${roff(common.join(', '))}`] : []),
      ...[...command.sections].flatMap(([heading, lines]) => ['.PP', `${heading}:`, ...verbatim(lines)]),
    ];
  });
  const { name } = program;
  return `${[
    `.TH ${name.toUpperCase().replaceAll('-', '\\-')} 1 "${date}" "tygrub ${version}" "User Commands"`,
    '.SH NAME',
    roff(`${name} - ${single ? program.words : 'kernel, initrd and command line out of a virtual disk'}`),
    '.SH SYNOPSIS',
    ...(single
      ? [synopsis({ ...program, path: name })]
      : commands.flatMap((command, i) => [...(i === 0 ? [] : ['.br']), synopsis(command)])),
    '.SH DESCRIPTION',
    roff(
      single
        ? `${program.words[0].toUpperCase()}${program.words.slice(1)}. Nothing is mounted, nothing on the disk is trusted.`
        : program.words,
    ),
    ...(single ? section('OPTIONS', optionLines(program.options)) : section('COMMANDS', commandLines)),
    ...(single ? [] : section('COMMON OPTIONS', optionLines([...shared.values()]))),
    ...(single ? [] : section('GLOBAL OPTIONS', optionLines(program.options.filter((option) => option.long !== '--help')))),
    ...section('EXIT STATUS', verbatim((program.sections.get('Exit status') ?? []).flatMap((line) => line.split(/ {2,}/)))),
    ...section('EXAMPLES', verbatim(program.sections.get('Examples') ?? [])),
    ...section('SEE ALSO', [seeAlso.map((other) => `\\fB${roff(other)}\\fR(1)`).join(', ')]),
  ].join('\n')}\n`;
}
