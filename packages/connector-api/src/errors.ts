/** Base of the errors that a connector throws on purpose; its message goes to the operator as it is. */
export class ConnectError extends Error {
  readonly retriable: boolean = false;
  override readonly name: string = 'ConnectError';
}

/** May succeed if tried again: `poll` is called again, the same batch is put again. */
export class RetriableError extends ConnectError {
  override readonly retriable: boolean = true;
  override readonly name: string = 'RetriableError';
}

/** Data that does not fit its schema, or cannot be converted. */
export class DataError extends ConnectError {
  override readonly name: string = 'DataError';
}

/** One thing that is wrong with a configuration. */
export interface ConfigProblem {
  /** The configuration key that it is about. */
  readonly key: string;
  readonly message: string;
}

/** A configuration that its plugin cannot work with; lists every problem, not only the first. */
export class ConfigError extends ConnectError {
  override readonly name: string = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map((problem) => problem.message).join('\n'));
    this.problems = problems;
  }
}

/** Also one of another copy of this package: each plugin package may have its own. */
export function isConfigError(error: unknown): error is ConfigError {
  return (
    error instanceof ConfigError ||
    (error instanceof Error &&
      error.name === 'ConfigError' &&
      'problems' in error &&
      Array.isArray(error.problems))
  );
}

/** A schema that cannot be built as asked. */
export class SchemaBuilderError extends DataError {
  override readonly name: string = 'SchemaBuilderError';
}

/** A value of one schema that is none of another. */
export class SchemaProjectorError extends DataError {
  override readonly name: string = 'SchemaProjectorError';
}
