import { expect, test } from 'vitest';

import { impossibleReplies, missingCoverage } from '../src/coverage-of-run.ts';
import { ScriptBook } from '../src/redis/script-book.ts';
import { allFaults } from '../src/world/scenario.ts';

const replies = new ScriptBook().possibleReplies;

function counted(names: readonly string[]): Map<string, number> {
  return new Map(names.map((name) => [name, 1]));
}

test('what never occurred is missing, unless it cannot occur', () => {
  expect(missingCoverage(counted(allFaults), counted(replies))).toEqual([]);
  const [fault = '', ...otherFaults] = allFaults;
  const others = replies.filter(
    (reply) => reply !== 'claim: stale' && !impossibleReplies.has(reply),
  );
  expect(missingCoverage(counted(otherFaults), counted(others))).toEqual([fault, 'claim: stale']);
});

test('a reply that is said to be impossible is one that some script has', () => {
  expect([...impossibleReplies.keys()].filter((reply) => !replies.includes(reply))).toEqual([]);
});
