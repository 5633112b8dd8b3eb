/**
 * Java's format of properties, as `java.util.Properties.load` reads it: a key and a value a line, set apart by `=`, `:` or
 * space; `\` at the end of a line goes on in the next, and escapes what is special elsewhere. Only of a file that ends in
 * a line of nothing but `\` Java makes an empty key, which is nobody's setting.
 */
import { SluiceError } from './errors.ts';

/** The last of a key that is there twice. @throws SluiceError `config.invalid` that says where, and nothing of what is there. */
export function parseJavaProperties(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of logicalLines(text)) {
    const [key, value] = splitLine(line.text);
    found.set(unescaped(key, line.number), unescaped(value, line.number));
  }
  return found;
}

interface LogicalLine {
  readonly text: string;
  /** Of the first of its natural lines that says anything. */
  readonly number: number;
}

/** Without comments, blank lines, and the space with which lines begin, those that go on with another one too. */
function* logicalLines(text: string): Generator<LogicalLine> {
  let joined = '';
  let isContinued = false;
  let begin = 0;
  for (const [index, natural] of text.split(/\r\n|\r|\n/).entries()) {
    const line = natural.replace(/^[ \t\f]+/, '');
    if (joined === '') begin = index + 1;
    // As long as there is nothing of it, also behind a line that is nothing but `\`.
    const isComment = joined === '' && /^[#!]/.test(line);
    // An even number of them escapes itself.
    isContinued = !isComment && (/\\+$/.exec(line)?.[0].length ?? 0) % 2 === 1;
    if (isComment) continue;
    joined += isContinued ? line.slice(0, -1) : line;
    if (isContinued) continue;
    if (joined !== '') yield { text: joined, number: begin };
    joined = '';
  }
  if (joined !== '') yield { text: joined, number: begin };
}

/** Still escaped. */
function splitLine(line: string): readonly [key: string, value: string] {
  const [key = ''] = /^(?:\\.|[^\\=: \t\f])*/s.exec(line) ?? [];
  return [key, line.slice(key.length).replace(/^[ \t\f]*[=:]?[ \t\f]*/, '')];
}

const controls: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

function unescaped(text: string, line: number): string {
  return text.replace(/\\(?:u([\da-fA-F]{4})|(.))/gs, (_all, code?: string, sign = '') => {
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
    if (sign !== 'u') return controls[sign] ?? sign;
    throw new SluiceError(
      'config.invalid',
      `line ${line} has a \\u without four hexadecimal digits behind it: write \\\\ for a backslash`,
    );
  });
}
