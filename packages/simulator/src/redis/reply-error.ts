/** Named as ioredis names what Redis answers, so that callers tell it from a connection that is lost. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError';
}

export function wrongType(): ReplyError {
  return new ReplyError('WRONGTYPE Operation against a key holding the wrong kind of value');
}
