/** What can go wrong between a converter and its Schema Registry, with the registry's own code and words. */
import { ConnectError, RetriableError } from '@sluice/connector-api';

export interface RegistryAnswer {
  /** HTTP. */
  readonly status: number;
  /** The registry's: 40401 subject not found, 40402 version, 40403 schema, 409 incompatible, 42201 invalid. */
  readonly errorCode: number;
}

/** The registry has answered, and refuses: asking again gives the same. */
export class SchemaRegistryError extends ConnectError {
  override readonly name: string = 'SchemaRegistryError';
  readonly status: number;
  readonly errorCode: number;

  constructor(message: string, { status, errorCode }: RegistryAnswer) {
    super(message);
    this.status = status;
    this.errorCode = errorCode;
  }

  /** Nothing there: no such subject, version, id or schema. */
  get isNotFound(): boolean {
    return this.status === 404;
  }

  /** It is about a schema or subject, and so about the records that need it, not about the access to all. */
  get isAboutSchema(): boolean {
    return this.status === 404 || this.status === 409 || this.status === 422;
  }
}

/** No instance has answered, or only with errors that pass: the same records may be converted later. */
export class SchemaRegistryUnavailableError extends RetriableError {
  override readonly name: string = 'SchemaRegistryUnavailableError';
}
