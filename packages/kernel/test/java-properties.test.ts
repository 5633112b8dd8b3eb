import { parseJavaProperties } from '@sluice/kernel';
import { describe, expect, test } from 'vitest';

describe('what is read of a file is what java.util.Properties reads', () => {
  test.each<[string, Record<string, string>]>([
    ['a=1', { a: '1' }],
    ['a = 1 ', { a: '1 ' }],
    ['a:1', { a: '1' }],
    ['a 1', { a: '1' }],
    ['a', { a: '' }],
    ['a=', { a: '' }],
    ['=1', { '': '1' }],
    ['a==1', { a: '=1' }],
    ['a : = 1', { a: '= 1' }],
    ['  a=1\n\n\t\f\n b=2', { a: '1', b: '2' }],
    ['# c\n! d\na=1', { a: '1' }],
    ['# c\\\na=1', { a: '1' }],
    ['a=#1', { a: '#1' }],
    ['a=1\r\nb=2\rc=3', { a: '1', b: '2', c: '3' }],
    ['a=1\\\n  2', { a: '12' }],
    ['a=1\\\r\n\t2\r\nb=3', { a: '12', b: '3' }],
    ['a=1\\\n#2', { a: '1#2' }],
    ['a\\\r\n  b=1', { ab: '1' }],
    ['\\\n# c\na=1', { a: '1' }],
    ['a=1\\\\\nb=2', { a: '1\\', b: '2' }],
    ['a=1\\\\\\\nb=2', { a: '1\\b=2' }],
    ['a=1\\', { a: '1' }],
    ['a\\=b\\:c\\ d=1', { 'a=b:c d': '1' }],
    ['a=\\u0041\\u00E9\\uD83D\\uDE00', { a: 'Aé😀' }],
    ['a=\\t\\n\\r\\f\\q\\"\\#\\U0041', { a: '\t\n\r\fq"#U0041' }],
    ['a=C:\\\\users\\\\x', { a: 'C:\\users\\x' }],
    ['a=1\na=2', { a: '2' }],
    ['a=1\u2028b', { a: '1\u2028b' }],
    ['__proto__=1', JSON.parse('{"__proto__":"1"}') as Record<string, string>],
  ])('%j', (text, found) => {
    expect([...parseJavaProperties(text)]).toEqual(Object.entries(found));
  });

  test.each(['a=\\u00', 'a=\\u00 41', 'a=C:\\users', '\\u=1'])(
    '%j, which is nothing, and the error quotes nothing of it',
    (text) => {
      expect(() => parseJavaProperties(`x=1\n${text}`)).toThrow(
        /^line 2 has a \\u without four hexadecimal digits behind it: write \\\\ for a backslash$/,
      );
    },
  );
});
