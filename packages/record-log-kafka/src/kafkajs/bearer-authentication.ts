import { toError } from '@sluice/kernel';

/**
 * SASL OAUTHBEARER (RFC 7628), through kafkajs's seam for own mechanisms. Its built-in one does not read
 * the broker's answer, which says in a message of success that a token was refused, and waits for one more
 * message before it fails: kafkajs goes on as if it were authenticated.
 */
export class BearerAuthentication {
  readonly #token: () => Promise<string>;
  /** Why there was no token to show; kafkajs does not tell it from a refused one. */
  tokenError: Error | undefined;

  constructor(token: () => Promise<string>) {
    this.#token = token;
  }

  /** `sasl.authenticationProvider` of kafkajs. */
  readonly provider = ({ saslAuthenticate }: { saslAuthenticate: SaslAuthenticate }): object => ({
    authenticate: async () => await this.#authenticate(saslAuthenticate),
  });

  async #authenticate(saslAuthenticate: SaslAuthenticate): Promise<void> {
    const token = await this.#obtain();
    const problem = await saslAuthenticate(
      message(`n,,${separator}auth=Bearer ${token}${separator}${separator}`),
    );
    if (problem.length === 0) return;
    // The broker now fails with its reason; if it does not, that is one as well.
    await saslAuthenticate(message(separator));
    throw new Error(problem.toString('utf8'));
  }

  async #obtain(): Promise<string> {
    this.tokenError = undefined;
    try {
      return await this.#token();
    } catch (thrown) {
      this.tokenError = toError(thrown);
      throw thrown;
    }
  }
}

type SaslAuthenticate = (exchange: ReturnType<typeof message>) => Promise<Buffer>;

const separator = '\u0001';

function message(text: string) {
  const bytes = Buffer.from(text);
  return {
    request: { encode: async () => Buffer.concat([int32(bytes.length), bytes]) },
    response: {
      // With its length before it, which is −1 for nothing.
      decode: async (answer: Buffer) => answer.subarray(4),
      parse: async (answer: Buffer) => answer,
    },
  };
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value, 0);
  return bytes;
}
