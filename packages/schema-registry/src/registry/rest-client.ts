/**
 * HTTP requests to the instances of a Schema Registry. An instance that does not answer, or answers with an
 * error that passes (5xx, 429, 408), is followed by the next; after all of them comes a back-off, and the
 * round again, `maxRetries` times. An instance that has answered is asked first from then on.
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { ConnectError } from '@sluice/connector-api';
import {
  backoffMs,
  type Clock,
  systemClock,
  type Timer,
  type TlsRemedies,
  tlsProblem,
  toError,
} from '@sluice/kernel';
import { SchemaRegistryError, SchemaRegistryUnavailableError } from './registry-errors.ts';

export interface RestClientOptions {
  /** At least one; without credentials and without a slash at the end. */
  readonly urls: readonly string[];
  /** Sent with every request: authorization, and what the user adds. */
  readonly headers: Readonly<Record<string, string>>;
  /** PEM. */
  readonly tls: TlsOptions;
  readonly connectTimeoutMs: number;
  readonly readTimeoutMs: number;
  /** Rounds after the first. */
  readonly maxRetries: number;
  readonly retryWaitMs: number;
  readonly retryMaxWaitMs: number;
  readonly clock?: Clock;
  readonly random?: () => number;
}

export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: string;
  /** False: whoever has a certificate of the authority is trusted, whatever its name. */
  readonly checksNames: boolean;
}

export interface RestRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** `/subjects/orders-value/versions`, encoded. */
  readonly path: string;
  readonly body?: unknown;
}

const contentType = 'application/vnd.schemaregistry.v1+json';
const accepted = `${contentType}, application/vnd.schemaregistry+json, application/json`;

/** A schema is text: what is longer is no answer of a registry. */
const answerBytesMax = 16 * 1024 * 1024;

const tlsRemedies: TlsRemedies = {
  untrusted:
    'set schema.registry.ssl.truststore.type=PEM, and schema.registry.ssl.truststore.location to the file with the certificate of its authority',
  notEncrypted: 'it does not speak TLS on this port: write http:// in schema.registry.url',
  wantsCertificate:
    'it asks for a certificate of the client: set schema.registry.ssl.keystore.type=PEM and schema.registry.ssl.keystore.location',
};

interface Answer {
  readonly status: number;
  readonly text: string;
}

export class RestClient {
  readonly #options: RestClientOptions;
  readonly #agents: { readonly http: HttpAgent; readonly https: HttpsAgent };
  readonly #clock: Clock;
  /** Index of the instance that answered last. */
  #first = 0;

  constructor(options: RestClientOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    const { ca, cert, key, passphrase, checksNames } = options.tls;
    // An idle connection keeps no process alive.
    const shared = { keepAlive: true, maxSockets: 8, timeout: 60_000 };
    this.#agents = {
      http: new HttpAgent(shared),
      https: new HttpsAgent({
        ...shared,
        ...(ca === undefined ? {} : { ca }),
        ...(cert === undefined ? {} : { cert }),
        ...(key === undefined ? {} : { key }),
        ...(passphrase === undefined ? {} : { passphrase }),
        ...(checksNames ? {} : { checkServerIdentity: () => undefined }),
      }),
    };
  }

  /**
   * The parsed JSON of the answer.
   * @throws SchemaRegistryError when the registry refuses; SchemaRegistryUnavailableError when no instance
   * has answered in all rounds; ConnectError when what answers is no registry.
   */
  async send(request: RestRequest): Promise<unknown> {
    const { maxRetries, retryWaitMs, retryMaxWaitMs, random } = this.#options;
    const causes: string[] = [];
    for (let round = 0; ; round += 1) {
      causes.length = 0;
      const answer = await this.#askAll(request, causes);
      if (answer) return read(request, answer);
      if (round >= maxRetries) break;
      await this.#clock.sleep(
        backoffMs(round + 1, { initialMs: retryWaitMs, maxMs: retryMaxWaitMs }, random),
      );
    }
    throw new SchemaRegistryUnavailableError(
      `The Schema Registry does not answer ${request.method} ${request.path}: ${causes.join('; ')}.` +
        ' Check schema.registry.url, and that it runs.',
    );
  }

  async #askAll(request: RestRequest, causes: string[]): Promise<Answer | undefined> {
    const { urls } = this.#options;
    for (let tried = 0; tried < urls.length; tried += 1) {
      const index = (this.#first + tried) % urls.length;
      const url = urls[index] ?? '';
      try {
        const answer = await this.#ask(url, request);
        if (!isPassing(answer.status)) {
          this.#first = index;
          return answer;
        }
        causes.push(`${url} answers ${String(answer.status)} ${messageOf(answer).message}`.trim());
      } catch (error) {
        const problem = tlsProblem(error, url.startsWith('https:'), tlsRemedies);
        causes.push(`${url}: ${problem ?? toError(error).message}`);
      }
    }
    return undefined;
  }

  async #ask(base: string, { method, path, body }: RestRequest): Promise<Answer> {
    const { headers, connectTimeoutMs, readTimeoutMs } = this.#options;
    const url = new URL(base + path);
    const isTls = url.protocol === 'https:';
    const text = body === undefined ? undefined : JSON.stringify(body);
    return await new Promise<Answer>((resolve, reject) => {
      let hasAnswered = false;
      const request = (isTls ? httpsRequest : httpRequest)(
        url,
        {
          method,
          agent: isTls ? this.#agents.https : this.#agents.http,
          headers: {
            accept: accepted,
            ...(text === undefined
              ? {}
              : { 'content-type': contentType, 'content-length': Buffer.byteLength(text) }),
            ...headers,
          },
        },
        (response) => {
          hasAnswered = true;
          receive(response).then(resolve, reject);
        },
      );
      const limit = (what: string, ms: number): Timer =>
        this.#clock.after(ms, () =>
          request.destroy(new Error(`no ${what} within ${String(ms)} ms`)),
        );
      const connecting = limit('connection', connectTimeoutMs);
      const answering = limit('answer', connectTimeoutMs + readTimeoutMs);
      request.once('socket', (socket) => {
        const connected = (): void => connecting.cancel();
        if (socket.connecting) socket.once(isTls ? 'secureConnect' : 'connect', connected);
        else connected();
      });
      request.once('error', reject);
      request.once('close', () => {
        connecting.cancel();
        answering.cancel();
        if (!hasAnswered) reject(new Error('the connection was closed without an answer'));
      });
      request.end(text);
    });
  }
}

async function receive(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > answerBytesMax) {
      response.destroy();
      throw new Error(`the answer is longer than ${String(answerBytesMax)} bytes`);
    }
    chunks.push(chunk);
  }
  return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') };
}

function isPassing(status: number): boolean {
  return status >= 500 || status === 429 || status === 408;
}

function read({ method, path }: RestRequest, answer: Answer): unknown {
  if (answer.status >= 200 && answer.status < 300) {
    try {
      return JSON.parse(answer.text);
    } catch {
      throw new ConnectError(
        `What answers ${method} ${path} is no Schema Registry: the answer is not JSON. Check schema.registry.url.`,
      );
    }
  }
  const { message, errorCode } = messageOf(answer);
  const remedy =
    answer.status === 401 || answer.status === 403
      ? ' Check basic.auth.credentials.source and basic.auth.user.info.'
      : '';
  throw new SchemaRegistryError(
    `The Schema Registry refuses ${method} ${path}: ${message}; error code: ${String(errorCode)}.${remedy}`,
    { status: answer.status, errorCode },
  );
}

function messageOf({ status, text }: Answer): { message: string; errorCode: number } {
  try {
    const json = JSON.parse(text) as { message?: unknown; error_code?: unknown };
    return {
      message: typeof json.message === 'string' ? json.message : `HTTP ${String(status)}`,
      errorCode: typeof json.error_code === 'number' ? json.error_code : status,
    };
  } catch {
    return { message: `HTTP ${String(status)}`, errorCode: status };
  }
}
