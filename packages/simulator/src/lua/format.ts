/** `string.format` with a format that is known when the script is compiled. */
import { LuaError } from './lua-error.ts';
import type { LuaValue } from './lua-table.ts';
import { fixed, general, wholeNumberText } from './numbers.ts';
import { toNumber, toText } from './operators.ts';

export type Directive = (value: LuaValue) => string;

const directive = /%(?<flags>[-+ #0]*)(?<width>\d*)(?:\.(?<precision>\d*))?(?<kind>.|$)/gs;

/** Texts and directives in turn, beginning and ending with a text. @throws Error for what is unknown. */
export function parseFormat(format: string): { texts: string[]; directives: Directive[] } {
  const texts: string[] = [];
  const directives: Directive[] = [];
  let text = '';
  let from = 0;
  for (const match of format.matchAll(directive)) {
    text += format.slice(from, match.index);
    from = match.index + match[0].length;
    const { flags = '', width = '', precision, kind = '' } = match.groups ?? {};
    if (kind === '%') {
      text += '%';
      continue;
    }
    if (/[+ #]/.test(flags)) throw new Error(`flags in a format ("${match[0]}")`);
    texts.push(text);
    text = '';
    const show = converter(kind, precision === undefined ? undefined : Number(precision));
    directives.push(width === '' ? show : padded(show, Number(width), flags, kind));
  }
  texts.push(text + format.slice(from));
  return { texts, directives };
}

function converter(kind: string, precision: number | undefined): Directive {
  switch (kind) {
    case 's':
      return precision === undefined
        ? (value) => toText(value)
        : (value) => toText(value).slice(0, precision);
    case 'd':
    case 'i':
      if (precision === undefined) return (value) => wholeNumberText(integer(value));
      break;
    case 'x':
      if (precision === undefined)
        return (value) => BigInt.asUintN(64, bigInteger(value)).toString(16);
      break;
    case 'f':
      return precision === 0
        ? (value) => wholeNumberText(number(value))
        : (value) => fixed(number(value), precision ?? 6);
    case 'g':
      return (value) => general(number(value), Math.max(1, precision ?? 6));
    default:
  }
  throw new Error(`"%${kind}" in a format`);
}

function padded(show: Directive, width: number, flags: string, kind: string): Directive {
  if (flags.includes('-')) return (value) => show(value).padEnd(width);
  if (!flags.includes('0') || kind === 's') return (value) => show(value).padStart(width);
  return (value) => {
    const text = show(value);
    if (!/\d/.test(text)) return text.padStart(width);
    return text.startsWith('-')
      ? `-${text.slice(1).padStart(width - 1, '0')}`
      : text.padStart(width, '0');
  };
}

function number(value: LuaValue): number {
  return toNumber(value) ?? badNumber();
}

/** As C converts a double. */
function integer(value: LuaValue): number {
  return Math.trunc(number(value)) + 0;
}

function bigInteger(value: LuaValue): bigint {
  return BigInt(Math.trunc(number(value)));
}

function badNumber(): never {
  throw new LuaError("bad argument to 'format' (number expected)");
}
