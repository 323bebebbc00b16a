/** The kernel's command line as GRUB's loader writes it out of the arguments of `linux`. */
import { isHexEscape } from './lexer.js';

/**
 * Backslashes and quotes get a backslash, an argument with a space gets double quotes, one space goes between.
 * @param keepHexEscapes Red Hat's rule: `\xHH` stays as it is
 */
export function commandLine(args: readonly string[], keepHexEscapes: boolean): string {
  return args.map((arg) => quoted(arg, keepHexEscapes)).join(' ');
}

function quoted(arg: string, keepHexEscapes: boolean): string {
  let text = '';
  for (let i = 0; i < arg.length; i++) {
    const c = arg.charAt(i);
    const hex = keepHexEscapes && c === '\\' && isHexEscape(arg.slice(i, i + 4));
    text += !hex && (c === '\\' || c === "'" || c === '"') ? `\\${c}` : c;
  }
  return arg.includes(' ') ? `"${text}"` : text;
}
