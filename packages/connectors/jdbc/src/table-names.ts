/** `shop."order.items"` → `shop`, `order.items`. */
export function splitName(text: string, quote: string): string[] {
  const parts: string[] = [];
  let part = '';
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (character === quote) {
      if (isQuoted && text[at + 1] === quote) {
        part += quote;
        at += 1;
      } else {
        isQuoted = !isQuoted;
      }
    } else if (character === '.' && !isQuoted) {
      parts.push(part);
      part = '';
    } else {
      part += character;
    }
  }
  parts.push(part);
  return parts;
}
