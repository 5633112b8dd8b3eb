import { SluiceError, toError } from '@sluice/kernel';

/** Prefixes of error replies that go away by themselves, or when somebody mends the server. */
const passing =
  /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|NOSCRIPT|BUSY|MISCONF|NOREPLICAS|UNBLOCKED) /;
const forbidden = /^(NOPERM|NOAUTH|WRONGPASS) /;

/** An error of the driver or the server as one of the port's errors. `address` has no password in it. */
export function toLogError(thrown: unknown, address: string): SluiceError {
  if (thrown instanceof SluiceError) return thrown;
  const cause = toError(thrown);
  if (cause.message.startsWith('OOM ')) {
    return new SluiceError(
      'log.full',
      `Redis at ${address} has reached its maxmemory and refuses records: give it more memory, lower the log's quotas, or let the sinks catch up`,
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
  return new SluiceError(
    'log.unreachable',
    `Redis at ${address}, which holds the record log, does not answer${reason}: check that it runs and that the address is right`,
    { retriable: true, cause, details: { address } },
  );
}
