/**
 * The names of all keys. Each begins with the cluster's hash tag, so that on Redis Cluster they share a
 * slot and one script may touch any of them. Scripts get the tag as KEYS[1] and append the same names.
 *
 * | key | type | what |
 * | --- | --- | --- |
 * | `dataset` | string | nonce of the data set; absent: nothing was ever stored, or all is lost |
 * | `leader` | string with expiry | `<coordinator>\|<epoch>\|<renewals>` |
 * | `leader-epoch` | string | epoch of the last term |
 * | `beat` | counter | number of the last heartbeat of anybody |
 * | `beats` | hash | worker → `<beat>\|<Redis time, ms>\|<own beat acknowledged>` |
 * | `m:<worker>` | hash | member |
 * | `slots`, `past-slots` | sorted set, hash | worker → its slot; the one that it had |
 * | `cordons` | sorted set | worker that is given nothing new → 0; when its last incarnation went, ms, if none is there |
 * | `protocol`, `log` | strings | version of the protocol in use; record log: what all agreed on |
 * | `coordinators` | hash | coordinator → `<highest protocol that it speaks>\|<Redis time, ms>`, until it ends |
 * | `dead` | sorted set | incarnation that must not come back → when it ended, ms |
 * | `assigned` | hash | incarnation, or `*` for everybody → revision of its assignments |
 * | `a:<incarnation>` | set | units that it owns, in whatever state |
 * | `c:<connector>` | hash | connector |
 * | `tc:<connector>` | hash | task → its configuration (JSON) in the published set |
 * | `units-of:<connector>` | set | its units |
 * | `held:<connector>` | sorted set | its owned tasks → the epoch that they are held in |
 * | `topics:<connector>` | hash | topic that its tasks used → when that was first noted, ms |
 * | `u:<unit>` | hash | unit |
 * | `ordinal` | counter | ordinal of the last unit created |
 * | `fence-floor` | string | every fence given from now on is above it |
 * | `journal` | string | `<journal>\|<position>`: how far the journal has been followed, where there is one |
 * | `revision` | counter | of the last change of a record |
 * | `changes` | sorted set | `c:…`, `u:…`, `m:…` → revision of its last change, deleted ones included |
 * | `gone`, `trimmed` | sorted set, string | deleted records in `changes`; revision below which they are not complete |
 * | `requests`, `request-ids` | stream, hash | requests not applied yet; id → position |
 * | `operator-inbox` | stream | what operators ask for, until a coordinator has asked for it in their place |
 * | `result:<id>` | string with expiry | result of an applied request (JSON) |
 * | `events` | stream | the last 10 000 events |
 * | `unit-events` | stream | the last 20 000 steps of units |
 * | `last-event` | hash | `ms` and `sequence` of the id of the last one in both streams |
 * | `audit` | stream | who changed what: the last 10 000 |
 * | `log-lines` | stream | the last 5 000 lines of the logs of workers |
 * | `load:<worker>` | string with expiry | what the worker does now (JSON), told every second |
 * | `loggers` | hash | logger → `<level>\|<when it was set, ms>`, for the whole cluster |
 * | `session:<id>`, `sessions` | string with expiry, sorted set | who signed in with a browser, by a hash of what it has; id → when it ends, ms |
 * | `sessions-of:<hash>` | sorted set with expiry | those of one caller |
 * | `secrets` | hash | name → what definitions refer to, encrypted; see packages/config-providers |
 * | `quarantine`, `reports`, `lost` | string, hash, set | nonce while one runs; incarnation → what it reported to hold; data sets whose loss was noticed |
 */
import { SluiceError } from '@sluice/kernel';

export const keyNames = [
  'dataset',
  'leader',
  'leader-epoch',
  'protocol',
  'log',
  'coordinators',
  'cordons',
  'beat',
  'beats',
  'slots',
  'past-slots',
  'dead',
  'assigned',
  'ordinal',
  'fence-floor',
  'journal',
  'revision',
  'changes',
  'gone',
  'trimmed',
  'requests',
  'request-ids',
  'operator-inbox',
  'audit',
  'log-lines',
  'events',
  'unit-events',
  'last-event',
  'quarantine',
  'reports',
  'lost',
  'loggers',
  'sessions',
] as const;

/** Keys of one record each: `<family>:<name>`. */
export const keyFamilies = [
  'm',
  'a',
  'c',
  'tc',
  'units-of',
  'held',
  'topics',
  'u',
  'result',
  'session',
  'sessions-of',
  'load',
] as const;

export type KeyName = (typeof keyNames)[number];
export type KeyFamily = (typeof keyFamilies)[number];

/** @throws SluiceError `config.invalid` for a name that would break the hash tag. */
export function clusterTag(cluster: string): string {
  if (/^[\w.-]+$/.test(cluster)) return `{sluice:${cluster}}`;
  throw new SluiceError(
    'config.invalid',
    `cluster name ${JSON.stringify(cluster)} cannot be used: take letters, digits, ".", "-" and "_"`,
  );
}

export class Keys {
  readonly tag: string;

  constructor(cluster: string) {
    this.tag = clusterTag(cluster);
  }

  of(name: KeyName): string {
    return `${this.tag}:${name}`;
  }

  record(family: KeyFamily, name: string): string {
    return `${this.tag}:${family}:${name}`;
  }
}
