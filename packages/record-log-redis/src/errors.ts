import { SluiceError, tlsProblem, toError } from '@sluice/kernel';

import type { CompiledRedisLogOptions } from './options.ts';

/** Prefixes of error replies that go away by themselves, or when somebody mends the server. */
const passing =
  /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|MOVED|ASK|TRYAGAIN|NOSCRIPT|BUSY|MISCONF|NOREPLICAS|UNBLOCKED) /;
const forbidden = /^(NOPERM |NOAUTH |WRONGPASS |ERR The user executing the script can't )/;

/** An error of the driver or the server as one of the port's errors. `address` has no password in it. */
export function toLogError(thrown: unknown, address: string): SluiceError {
  if (thrown instanceof SluiceError) return thrown;
  const cause = toError(thrown);
  if (cause.message.startsWith('OOM ')) {
    return new SluiceError(
      'log.full',
      `Redis at ${address} has reached its maxmemory and refuses records: give it more memory, lower the log's quotas, let the sinks catch up, or forget groups whose sinks are gone ('sluice log groups' lists what each holds)`,
      { retriable: true, cause, details: { address } },
    );
  }
  if (forbidden.test(cause.message)) {
    return new SluiceError(
      'log.forbidden',
      `Redis at ${address} refuses this user (${cause.message}): check user and password in the URL, and that its ACL allows the log's keys, channels and commands`,
      { cause, details: { address } },
    );
  }
  if (cause.name === 'ReplyError' && !passing.test(cause.message)) {
    return new SluiceError('log.failed', `Redis at ${address} failed: ${cause.message}`, {
      cause,
      details: { address },
    });
  }
  return unreachableError(address, cause);
}

export function unreachableError(address: string, cause?: Error): SluiceError {
  const reason = cause === undefined ? '' : ` (${cause.message})`;
  const problem = cause && tlsProblem(cause, address.startsWith('rediss:'));
  return new SluiceError(
    'log.unreachable',
    problem === undefined
      ? `Redis at ${address}, which holds the record log, does not answer${reason}: check that it runs and that the address is right`
      : `cannot connect to Redis at ${address}, which holds the record log: ${problem}`,
    { retriable: true, cause, details: { address } },
  );
}

/** What the produce script says of a full partition. */
export type FullFacts = readonly [
  topic: string,
  partition: string,
  bytes: string,
  group: string,
  offset: string,
  nextOffset: string,
];

export function partitionFullError(
  facts: FullFacts,
  options: CompiledRedisLogOptions,
): SluiceError {
  const [topic, partition, bytes, group, offset, nextOffset] = facts;
  const remedy =
    group === ''
      ? `no consumer group reads it: start a sink for it, set retention to 'delete', or delete the topic`
      : `group '${group}' lags most, at offset ${offset} of ${nextOffset}: let it catch up, raise the quota, or, if its sink is gone, run 'sluice log forget-group ${group}'`;
  return new SluiceError(
    'log.full',
    `partition ${partition} of topic '${topic}' has reached its quota of ${options.partitionBytesMax} bytes; ${remedy}`,
    {
      retriable: true,
      details: { topic, partition: Number(partition), bytes: Number(bytes), group },
    },
  );
}

export function logFullError(
  [bytes]: readonly [string],
  options: CompiledRedisLogOptions,
): SluiceError {
  return new SluiceError(
    'log.full',
    `the record log has reached its quota of ${options.logBytesMax} bytes: let the sinks catch up, delete topics, raise the quota, or forget groups whose sinks are gone ('sluice log groups' lists what each holds, 'sluice log forget-group GROUP' forgets one)`,
    { retriable: true, details: { bytes: Number(bytes) } },
  );
}
