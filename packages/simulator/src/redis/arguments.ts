/** Arguments of commands as Redis reads them. */
import { textToNumber } from '../lua/numbers.ts';
import { ReplyError } from './reply-error.ts';

/** @throws ReplyError as Redis does. */
export function integer(text: string, what = 'value is not an integer or out of range'): number {
  if (!/^(?:0|-?[1-9]\d*)$/.test(text)) throw new ReplyError(`ERR ${what}`);
  return Number(text);
}

export function score(text: string): number {
  const value = /^\S+$/.test(text) ? textToNumber(text) : undefined;
  if (value === undefined || Number.isNaN(value)) {
    throw new ReplyError('ERR value is not a valid float');
  }
  return value;
}

export interface Bound {
  readonly score: number;
  readonly isExcluded: boolean;
}

/** `5`, `(5`, `-inf` */
export function bound(text: string): Bound {
  const isExcluded = text.startsWith('(');
  const value = textToNumber(isExcluded ? text.slice(1) : text);
  if (value === undefined || Number.isNaN(value)) {
    throw new ReplyError('ERR min or max is not a float');
  }
  return { score: value, isExcluded };
}

export function syntaxError(): ReplyError {
  return new ReplyError('ERR syntax error');
}
