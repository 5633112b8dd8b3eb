/** Text for a POSIX shell, to be copied. Pure. */

/** Nothing is special in single quotes but the quote itself. */
export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** As it is where a shell has nothing to do with it. */
export function shellWord(text: string): string {
  return /^[\w][\w.,:/@%+-]*$/.test(text) ? text : shellQuoted(text);
}
