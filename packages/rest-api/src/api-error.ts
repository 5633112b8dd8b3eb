/** What ends a request early: a status, and Kafka Connect's error body. */
export class ApiError extends Error {
  readonly status: number;
  /** Further top-level keys of the body, which a Kafka Connect client ignores. */
  readonly extra: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    message: string,
    options: { extra?: Record<string, unknown>; headers?: Record<string, string> } = {},
  ) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.extra = options.extra ?? {};
    this.headers = options.headers ?? {};
  }
}

export interface ErrorBody {
  readonly error_code: number;
  readonly message: string;
  readonly [extra: string]: unknown;
}

export function errorBody(status: number, message: string, extra: object = {}): ErrorBody {
  return { error_code: status, message, ...extra };
}
