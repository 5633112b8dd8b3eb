/** What a run of many seeds has to contain to say anything, and what it cannot contain, with the reason. */
import { ScriptBook } from './redis/script-book.ts';
import { allFaults } from './world/scenario.ts';

const wholePrefixes =
  'it repairs what no script leaves behind: a store that lost data is as it was at some moment';

const oneAfterAnother =
  'only the leader grants, applies and deletes, one after the other, and it decides by what it has read since';

const betweenTwoCalls =
  'it takes a loss of data within the milliseconds since the leader read what it asks about; the conformance suite has it';

/** Replies that no simulation leads to, or hardly any. */
export const impossibleReplies: ReadonlyMap<string, string> = new Map([
  ['create-connector-unit: created', wholePrefixes],
  ['create-connector-unit: refused', wholePrefixes],
  ['create-connector-unit: not-leader', wholePrefixes],
  ['sweep: swept', wholePrefixes],
  ['sweep: not-leader', wholePrefixes],
  ['grant: retired', oneAfterAnother],
  ['grant: owned', oneAfterAnother],
  ['grant: uid', oneAfterAnother],
  ['grant: connector-deleting', oneAfterAnother],
  ['grant: older-epoch-held', oneAfterAnother],
  ['grant: worker-cordoned', oneAfterAnother],
  [
    'join: fenced',
    'it takes a freeze, for longer than a lease, within the milliseconds of a join; the conformance suite has it',
  ],
  ['orphan: alive', betweenTwoCalls],
  ['forget: refused', betweenTwoCalls],
  ['end-quarantine: refused', betweenTwoCalls],
  ['task-sets: none', betweenTwoCalls],
  [
    'raise-protocol: refused nobody',
    'only the leader raises, and it reads in the same turn what is in use; the conformance suite has it',
  ],
  ['set-logger-level: full', 'it takes a thousand loggers; the conformance suite has it'],
  ['append-audit: appended', 'it is for people, and nothing reads it; tests of the trail have it'],
  ['append-log-lines: appended', 'as above'],
  ['tell-load: told', 'as above'],
  ['put-session: put', 'people with browsers are not played; tests of the sessions have it'],
  ['remove-session: removed', 'as above'],
  ['remove-session: gone', 'as above'],
  ['put-in-inbox: put', 'operators ask as others do; tests of the inbox have it'],
  ['put-in-inbox: full', 'as above'],
  ['remove-from-inbox: removed', 'as above'],
  ['remove-from-inbox: gone', 'as above'],
  ['role-of-user: admin', 'here are no users; tests of the inbox have it'],
  ['role-of-user: operator', 'as above'],
  ['role-of-user: viewer', 'as above'],
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
