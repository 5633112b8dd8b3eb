import { describe, expect, test } from 'vitest';

import { ReplyKinds } from '../../src/lua/reply-kinds.ts';
import { ScriptBook } from '../../src/redis/script-book.ts';

const possible = (text: string): string[] => [...new ReplyKinds('test', text).all].toSorted();

describe('what a script can answer', () => {
  test('is what it returns', () => {
    expect(possible("if KEYS[1] == '' then return 'no' end return 'yes'")).toEqual(['no', 'yes']);
  });

  test('is the beginning of a list', () => {
    expect(possible("return { 'refused', 'log', ARGV[1] }")).toEqual(['refused log']);
    expect(possible("return { 'leading', ARGV[1], '0' }")).toEqual(['leading']);
    expect(possible('return {}')).toEqual(['none']);
  });

  test('is what its functions return, and what it assigns to variables', () => {
    const text = `
      local function reason(state)
        if state == 'free' then return { 'refused', 'gone' } end
        return nil
      end
      local state = ARGV[1]
      local refused = reason(state)
      if refused then return refused end
      local answer = state == 'x' and 'a' or 'b'
      if state == 'y' then answer = 'c' end
      return answer`;
    expect(possible(text)).toEqual(['a', 'b', 'c', 'refused gone']);
  });

  test('is each item of what it collects', () => {
    const text = `
      local replies = {}
      for index = 1, #ARGV do
        replies[#replies + 1] = ARGV[index] == '' and { 'claimed', ARGV[index] } or 'stale'
      end
      return replies`;
    const kinds = new ReplyKinds('test', text);
    expect([...kinds.all].toSorted()).toEqual(['claimed', 'stale']);
    expect(kinds.of(['stale', ['claimed', 'x']])).toEqual(['stale', 'claimed']);
  });
});

test('each script of the product has kinds of replies, down to the reasons of a refusal', () => {
  const { possibleReplies, scripts } = new ScriptBook();
  const kindsOf = (script: string): string[] =>
    possibleReplies.filter((kind) => kind.startsWith(`${script}: `)).toSorted();
  expect(scripts.filter(({ name }) => kindsOf(name).length === 0)).toEqual([]);
  expect(kindsOf('beat')).toEqual(['beat: fenced', 'beat: ok', 'beat: rejoin']);
  expect(kindsOf('claim')).toEqual(['claim: claimed', 'claim: stale']);
  expect(kindsOf('lead')).toEqual([
    'lead: following',
    'lead: leading',
    'lead: refused log',
    'lead: refused protocol',
  ]);
  expect(kindsOf('grant')).toContain('grant: older-epoch-held');
});
