import { expect, test } from 'vitest';

import { type Evidence, judge } from './judge.ts';

/** `a0 a1 b2`: the numbers 0, 1, 2, of which the run `b` wrote the last. */
function evidence(log: string, sink: string, uncovered: readonly string[] = []): Evidence {
  const pairs = (text: string) => (text === '' ? [] : text.split(' '));
  return {
    written: new Map([
      ['in/0', pairs(log).map((each) => ({ run: each[0], seqno: Number(each.slice(1)) }))],
    ]),
    delivered: pairs(sink).map((each) => {
      const [seqno = 0, offset = seqno] = each.split('@').map(Number);
      return { task: 0, partition: 0, seqno, offset };
    }),
    uncovered,
  };
}

test('what came once and in order is without fault', () => {
  expect(judge(evidence('a0 a1 b2 b3', '0 1 2'))).toEqual({
    records: 4,
    delivered: 3,
    writtenTwice: 0,
    deliveredTwice: 0,
    missing: 0,
    problems: [],
  });
});

test('a successor may repeat the end of what came before it, which is counted', () => {
  const verdict = judge(evidence('a0 a1 a2 b1 b2 b3', '0@0 1@1 2@2 1@1 2@2 1@3 2@4 3@5'));
  expect(verdict).toMatchObject({ writtenTwice: 2, deliveredTwice: 2, missing: 0, problems: [] });
});

test.each([
  ['a hole in the log', evidence('a0 a2', '0'), 'in/0: 1 is missing in the log', 1],
  ['a hole at the sink', evidence('a0 a1 a2', '0 2'), 'in/0: 1 was not delivered', 1],
  [
    'a commit of what was not delivered',
    evidence('a0', '0', ['sequences-0: 1']),
    'sequences-0: 1 is committed, but was not delivered',
    1,
  ],
  [
    'an owner that writes after its successor',
    evidence('a0 b0 b1 a2', '0'),
    'in/0: 2 is of a run that another one had followed',
    0,
  ],
  ['a number that was overtaken in the log', evidence('a0 a2 a1', '0'), 'in/0: 1 came after 2', 0],
  [
    'a number that was overtaken at the sink',
    evidence('a0 a1 a2', '0 2 1'),
    'delivery of in/0: 1 came after 2',
    0,
  ],
])('%s is a problem', (_, seen, problem, missing) => {
  expect(judge(seen)).toMatchObject({ problems: [problem], missing });
});
