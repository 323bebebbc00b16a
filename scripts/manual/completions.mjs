// Completions for bash, zsh and fish from the descriptions of the programs. They are whole files: nothing is asked of the
// program while a person types, so completing is quick and reads no disk.

const single = (text) => `'${text.replaceAll("'", "'\\''")}'`;
const longAndShort = (option) => [option.short, option.long].filter((name) => name !== null);

/** Each command with the words that lead to it, the program itself first. */
function walk(command, words = []) {
  return [{ words, command }, ...command.commands.flatMap((below) => walk(below, [...words, below.name]))];
}

const functionName = (name) => `_${name.replaceAll('-', '_')}`;

/** @param {import('./programs.mjs').ManualCommand} program */
export function bash(program) {
  const cases = walk(program).map(({ words, command }) => {
    const names = command.options.flatMap(longAndShort);
    const below = command.commands.map(({ name }) => name);
    return `    ${single(words.join(' '))}) options=${single(names.join(' '))}; commands=${single(below.join(' '))} ;;`;
  });
  const values = new Map();
  for (const { command } of walk(program)) {
    for (const option of command.options) {
      if (option.value === null || option.optionalValue) continue;
      for (const name of longAndShort(option)) values.set(name, option.choices);
    }
  }
  const choices = [...values].filter(([, list]) => list.length > 0);
  const known = walk(program)
    .map(({ words }) => words.join(' '))
    .filter((path) => path !== '');
  return `# bash completion of ${program.name}; made by scripts/build-manual.mjs from its option tables
${functionName(program.name)}() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} path= options= commands= i
  COMPREPLY=()
  # --name=value is three words for bash
  if [ "$word" = = ]; then word=; elif [ "$before" = = ]; then before=\${COMP_WORDS[COMP_CWORD-2]}; fi
  case $before in
${choices.map(([name, list]) => `    ${name}) COMPREPLY=($(compgen -W ${single(list.join(' '))} -- "$word")); return ;;`).join('\n')}
    ${
      [...values]
        .filter(([, list]) => list.length === 0)
        .map(([name]) => name)
        .join('|') || "''"
    }) COMPREPLY=($(compgen -f -- "$word")); return ;;
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${path:+$path }\${COMP_WORDS[i]}" in
      ${known.map(single).join('|') || "''"}) path="\${path:+$path }\${COMP_WORDS[i]}" ;;
    esac
  done
  case $path in
${cases.join('\n')}
  esac
  case $word in
    -*) COMPREPLY=($(compgen -W "$options" -- "$word")) ;;
    *) if [ -n "$commands" ]; then COMPREPLY=($(compgen -W "$commands" -- "$word")); else COMPREPLY=($(compgen -f -- "$word")); fi ;;
  esac
}
complete -o filenames -F ${functionName(program.name)} ${program.name}
`;
}

/** Text inside `[...]` of a zsh option specification. */
const zshWords = (text) => text.replace(/[[\]\\]/g, '\\$&').replaceAll(':', '\\:');

export function zsh(program) {
  const functions = walk(program).map(({ words, command }) => {
    const own = [functionName(program.name), ...words.map((word) => word.replaceAll('-', '_'))].join('__');
    const options = command.options.flatMap((option) =>
      longAndShort(option).map((name) => {
        const value =
          option.value === null
            ? ''
            : `${option.optionalValue ? '::' : ':'}${zshWords(option.value)}:${option.choices.length > 0 ? `(${option.choices.join(' ')})` : '_files'}`;
        const equals = option.value !== null && name.startsWith('--') ? '=' : '';
        return `    ${single(`*${name}${equals}[${zshWords(option.words)}]${value}`)} \\`;
      }),
    );
    if (command.commands.length === 0) return `${own}() {\n  _arguments -s \\\n${options.join('\n')}\n    '*:file:_files'\n}`;
    const below = command.commands.map((next) => `      ${single(`${next.name}:${next.words.replaceAll(':', '\\:')}`)}`);
    return `${own}() {
  local -a commands
  local curcontext=$curcontext state line
  _arguments -C \\
${options.join('\n')}
    '1:command:->command' '*::argument:->argument'
  case $state in
    command)
      commands=(
${below.join('\n')}
      )
      _describe command commands ;;
    argument)
      case $line[1] in
${command.commands.map((next) => `        ${next.name}) ${own}__${next.name.replaceAll('-', '_')} ;;`).join('\n')}
      esac ;;
  esac
}`;
  });
  return `#compdef ${program.name}
# zsh completion of ${program.name}; made by scripts/build-manual.mjs from its option tables

${functions.join('\n\n')}

${functionName(program.name)} "$@"
`;
}

export function fish(program) {
  const lines = [`# fish completion of ${program.name}; made by scripts/build-manual.mjs from its option tables`];
  const name = program.name;
  for (const { words, command } of walk(program)) {
    const inside = words.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ');
    const names = command.commands.map((below) => below.name);
    const none = names.length > 0 ? `not __fish_seen_subcommand_from ${names.join(' ')}` : '';
    const here = [inside, none].filter((part) => part !== '').join('; and ');
    const when = here === '' ? '' : ` -n ${single(here)}`;
    for (const below of command.commands) lines.push(`complete -c ${name} -f${when} -a ${below.name} -d ${single(below.words)}`);
    for (const option of command.options) {
      const short = option.short === null ? '' : ` -s ${option.short.slice(1)}`;
      const long = option.long === null ? '' : ` -l ${option.long.slice(2)}`;
      const value =
        option.value === null || option.optionalValue
          ? ''
          : option.choices.length > 0
            ? ` -x -a ${single(option.choices.join(' '))}`
            : ' -r';
      lines.push(`complete -c ${name}${when}${short}${long}${value} -d ${single(option.words)}`);
    }
  }
  return `${lines.join('\n')}\n`;
}
