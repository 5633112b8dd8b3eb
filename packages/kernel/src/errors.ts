/** Facts about an error that callers branch on, instead of on its class (copies of a class differ). */
export interface ErrorFacts {
  /** The same call may succeed later without anyone changing anything. */
  readonly retriable?: boolean;
  /** The caller lost ownership: whatever it holds must stop, and the call must not be repeated. */
  readonly fenced?: boolean;
}

/** An operating error: a dotted `code`, the details it is about, and a message that names the remedy. */
export class SluiceError extends Error {
  readonly code: string;
  readonly retriable: boolean;
  readonly fenced: boolean;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: string,
    message: string,
    options: ErrorFacts & { details?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SluiceError';
    this.code = code;
    this.retriable = options.retriable ?? false;
    this.fenced = options.fenced ?? false;
    this.details = options.details ?? {};
  }
}

/** Finds a fact or code on any error, also one that crossed a thread or package copy. */
export function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}

export function isFenced(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'fenced' in error && error.fenced === true;
}

export function isRetriable(error: unknown): boolean {
  return (
    typeof error === 'object' && error !== null && 'retriable' in error && error.retriable === true
  );
}

/** Whatever was thrown, as an Error. */
export function toError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  return new Error(typeof thrown === 'string' ? thrown : `non-error thrown: ${safeJson(thrown)}`);
}

function safeJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

/** Closes a switch over a union: adding a member to the union makes this a compile error. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${safeJson(value)}`);
}

/** For programmer errors only; operating errors are a SluiceError. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}
