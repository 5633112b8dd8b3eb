/** Names that a format does not allow, as `scrub.invalid.names` replaces them: what Confluent's converters make of them. */

/**
 * Letters, digits and underscores stay; all else becomes underscores and the bytes in hexadecimal, as of an
 * encoded URL. A name that would begin with a digit begins with x.
 */
export function scrubName(name: string, validStart: RegExp = /^[A-Za-z_]/): string {
  if (/^\w*$/.test(name) && (name === '' || validStart.test(name))) return name;
  let scrubbed = '';
  for (const character of name) {
    if (/\w/.test(character)) scrubbed += character;
    else if (' .-*'.includes(character)) scrubbed += '_';
    else
      for (const byte of Buffer.from(character))
        scrubbed += `_${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  const first = scrubbed.charAt(0);
  // Underscores that stand for something else come after this was looked at.
  const isInvalid = /\d/.test(first) || (name.startsWith('_') && !validStart.test('_'));
  return isInvalid ? `x${scrubbed}` : scrubbed;
}

/** Each part of a dotted name by itself. */
export function scrubFullName(fullName: string, validStart?: RegExp): string {
  return fullName
    .split('.')
    .map((part) => scrubName(part, validStart))
    .join('.');
}
