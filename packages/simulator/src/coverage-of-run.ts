/** What a run of many seeds has to contain to say anything, and what it cannot contain, with the reason. */
import { ScriptBook } from './redis/script-book.ts';
import { allFaults } from './world/scenario.ts';

/** Replies that no simulation can lead to. */
const wholePrefixes =
  'it repairs what no script leaves behind: a store that lost data is as it was at some moment';

export const impossibleReplies: ReadonlyMap<string, string> = new Map([
  ['create-connector-unit: created', wholePrefixes],
  ['create-connector-unit: refused', wholePrefixes],
  ['create-connector-unit: not-leader', wholePrefixes],
  ['sweep: swept', wholePrefixes],
  ['sweep: not-leader', wholePrefixes],
  ['submit: full', 'it takes thousands of requests that wait; a scenario has some hundreds'],
]);

/** Names of faults and replies that have to occur, and did not. */
export function missingCoverage(
  coverage: ReadonlyMap<string, number>,
  replies: ReadonlyMap<string, number>,
): string[] {
  const faults = allFaults.filter((fault) => !coverage.has(fault));
  const possible = new ScriptBook().possibleReplies.filter(
    (reply) => !impossibleReplies.has(reply),
  );
  return [...faults, ...possible.filter((reply) => !replies.has(reply))];
}
