/** PostgreSQL's text of arrays: `{1,NULL,"a \"b\""}`. */
import { DataError } from '@sluice/connector-api';

/** Of one dimension. @throws DataError for more. */
export function parseArray(text: string): (string | null)[] {
  if (!text.startsWith('{') || text.startsWith('{{'))
    throw new DataError('an array of several dimensions, or with bounds of its own');
  const elements: (string | null)[] = [];
  let at = 1;
  while (at < text.length && text[at] !== '}') {
    if (text[at] === ',') at += 1;
    if (text[at] === '"') {
      let element = '';
      at += 1;
      while (text[at] !== '"') {
        if (text[at] === '\\') at += 1;
        element += text[at] ?? '';
        at += 1;
        if (at >= text.length) throw new DataError('an array that is not closed');
      }
      at += 1;
      elements.push(element);
    } else {
      const start = at;
      while (at < text.length && text[at] !== ',' && text[at] !== '}') at += 1;
      const element = text.slice(start, at);
      elements.push(element === 'NULL' ? null : element);
    }
  }
  return elements;
}

/** Elements that are arrays already are written as they are. */
export function arrayText(
  elements: readonly (string | null | { readonly array: string })[],
): string {
  const texts = elements.map((element) => {
    if (element === null) return 'NULL';
    if (typeof element === 'object') return element.array;
    return `"${element.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  });
  return `{${texts.join(',')}}`;
}
