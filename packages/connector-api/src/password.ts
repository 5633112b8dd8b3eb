/** Kafka Connect's, where it would show a password. */
export const hiddenText = '[hidden]';

/** A secret from the configuration: whatever prints it by accident prints `[hidden]`. */
export class Password {
  readonly #secret: string;

  constructor(secret: string) {
    this.#secret = secret;
  }

  /** The secret itself; only for the driver that needs it. */
  reveal(): string {
    return this.#secret;
  }

  toString(): string {
    return hiddenText;
  }

  toJSON(): string {
    return hiddenText;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return hiddenText;
  }
}
