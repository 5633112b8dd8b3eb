import { expect, test } from 'vitest';

import { Reply } from '../src/reply.ts';

test.each<[string, (reply: Reply) => unknown]>([
  ['another status', (reply) => reply.at(0).status('granted', 'refused')],
  ['a text where a number belongs', (reply) => reply.at(0).integer()],
  ['a number beyond what is exact', (reply) => reply.at(1).integer()],
  ['too few items', (reply) => reply.at(9)],
  ['rows that do not add up', (reply) => reply.rows(2)],
  ['something that is not JSON', (reply) => reply.at(0).json()],
  ['a number among texts', (reply) => reply.texts()],
  ['a list where a text belongs', (reply) => reply.text()],
  ['a text where a list belongs', (reply) => reply.at(0).list()],
])('a reply with %s is an error that names the script, and not the reply', (_what, parse) => {
  const reply = new Reply('grant', ['s3cret', 2 ** 60, 'x']);
  expect(() => parse(reply)).toThrow(/^script grant answered/);
  expect(() => parse(reply)).not.toThrow(/s3cret/);
});

test('a reply is read as its header says', () => {
  const reply = new Reply('grant', ['granted', '1795374475281704', 'refused', 'owned']);
  expect(reply.rows(2).map((row) => row.at(0).status('granted', 'refused'))).toEqual([
    'granted',
    'refused',
  ]);
  expect(reply.at(1).integer()).toBe(1_795_374_475_281_704);
  expect(reply.texts(2)).toEqual(['refused', 'owned']);
  expect(new Reply('records', ['a', '1', 'b', null]).hash()).toEqual({ a: '1' });
  expect(new Reply('records', ['1', null]).hash(['a', 'b'])).toEqual({ a: '1' });
  expect(new Reply('records', []).hash()).toBeUndefined();
});
