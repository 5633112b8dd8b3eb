import { Buffer } from 'node:buffer';
import { assert, type Clock, silentLogger, systemClock, toError } from '@sluice/kernel';

import { apiVersionsRequest } from '../wire/api-versions.ts';
import { decodeResponse, encodeRequestHeader, type KafkaRequest } from '../wire/request.ts';
import { AnswerFrames } from './answer-frames.ts';
import { BearerAuthentication } from './bearer-authentication.ts';
import { BrokerSocket } from './broker-socket.ts';
import { type ConnectionOptions, kafkajsOptions } from './connection-options.ts';
import {
  cutError,
  forbiddenError,
  timedOutError,
  tokenError,
  unreachableError,
  unsupportedError,
} from './errors.ts';
import { Connection, disconnectedStatus, type KafkajsConnection } from './internals.ts';
import { kafkajsLog } from './logging.ts';
import { PendingRequests } from './pending-requests.ts';

/**
 * One connection to one broker, carried by kafkajs: its sockets, its framing and its SASL. Requests leave
 * in the order of the calls and are answered in that order.
 *
 *     new → connecting → open → closing → ended
 *
 * - `connect` may be called once. It fails with `log.unreachable`, or `log.forbidden` if the broker
 *   refuses the credentials; the connection has then ended.
 * - The socket breaks, a request is not answered in time, or an answer is malformed: the connection ends.
 *   Every request in flight is refused with `log.unreachable` (it may have been executed), once.
 * - `close` lets what is in flight be answered first. `destroy` resets the socket in this very call, with
 *   TLS as well: nothing that was still buffered on this machine leaves, and what is in flight is refused.
 * - An ended connection stays so: open another one.
 */
export class BrokerConnection {
  readonly address: string;
  readonly #options: ConnectionOptions;
  readonly #clock: Clock;
  readonly #connection: KafkajsConnection;
  readonly #pending: PendingRequests;
  readonly #socket: BrokerSocket;
  readonly #bearer: BearerAuthentication | undefined;
  /** Rejected when the connection ends, for whoever waits for something else than an answer. */
  readonly #ended = Promise.withResolvers<never>();
  readonly #closeListeners: ((reason: Error) => void)[] = [];
  /** Requests that wait until the session is authenticated anew, in their order. */
  #held: (() => void)[] = [];
  #reauthentication: Promise<void> | undefined;
  #versions = new Map<number, { minVersion: number; maxVersion: number }>();
  #state: 'new' | 'connecting' | 'open' | 'closing' | 'ended' = 'new';
  #reason: Error | undefined;
  #answers = 0;

  constructor(options: ConnectionOptions) {
    const { host, port, requestTimeoutMs, logger = silentLogger, clock = systemClock } = options;
    this.address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    this.#options = options;
    this.#clock = clock;
    this.#ended.promise.catch(() => {});
    if (options.sasl?.mechanism === 'OAUTHBEARER') {
      this.#bearer = new BearerAuthentication(options.sasl.token);
    }
    this.#socket = new BrokerSocket({
      data: (bytes) => this.#connection.processData(bytes),
      close: () => this.#end(this.#lost(this.#socket.error)),
    });
    this.#connection = new Connection({
      ...kafkajsOptions(options, this.#bearer),
      logger: kafkajsLog(logger),
      socketFactory: (facts) => this.#socket.open(facts),
    });
    this.#pending = new PendingRequests({
      clock,
      requestTimeoutMs,
      onExpired: ({ apiName, timeoutMs }) =>
        this.#end(timedOutError(this.address, apiName, timeoutMs)),
      onBroken: (error) => this.#end(this.#lost(this.#socket.error ?? error)),
    });
    this.#connection.requestQueue = this.#pending;
    this.#takeData();
  }

  get isConnected(): boolean {
    return this.#state === 'open';
  }

  /** Requests that have not been answered. */
  get inFlight(): number {
    return this.#pending.size + this.#held.length;
  }

  /** Called once when a connection that was open has ended, after its requests were refused. */
  onClose(listener: (reason: Error) => void): void {
    this.#closeListeners.push(listener);
  }

  /** @throws SluiceError `log.unreachable`, `log.forbidden`, `log.unsupported`. */
  async connect(): Promise<void> {
    assert(this.#state === 'new', `a connection to ${this.address} connects once`);
    this.#state = 'connecting';
    try {
      // Not by kafkajs's promise alone: it does not settle when the broker closes at the wrong moment.
      await Promise.race([this.#connection.connect(), this.#ended.promise]);
      await this.#within(this.#negotiate());
      this.#state = 'open';
    } catch (thrown) {
      const error = this.#reason ?? this.#lost(this.#socket.error ?? toError(thrown));
      this.#end(error);
      throw error;
    }
  }

  /**
   * Resolves with the decoded response, whatever error codes it holds.
   * @throws SluiceError `log.unreachable`, `log.unsupported`.
   */
  send<Result>(
    request: KafkaRequest<Result>,
    { timeoutMs = this.#options.requestTimeoutMs }: { timeoutMs?: number } = {},
  ): Promise<Result> {
    if (this.#state !== 'open') return Promise.reject(this.#reason ?? cutError(this.address));
    const offered = this.#versions.get(request.apiKey);
    if (
      offered === undefined ||
      request.apiVersion < offered.minVersion ||
      request.apiVersion > offered.maxVersion
    ) {
      return Promise.reject(unsupportedError(this.address, request, offered));
    }
    return this.#request(request, timeoutMs);
  }

  /** Lets what is in flight be answered, then ends the connection. May be called at any time. */
  async close(): Promise<void> {
    if (this.#state === 'closing' || this.#state === 'ended') return this.#socket.whenGone();
    if (this.#state !== 'open') {
      this.destroy();
      return;
    }
    this.#state = 'closing';
    await this.#reauthentication;
    await this.#pending.waitForPendingRequests();
    this.#end(cutError(this.address), 'gently');
    await this.#socket.whenGone();
  }

  destroy(): void {
    this.#end(cutError(this.address));
  }

  async #negotiate(): Promise<void> {
    const request = apiVersionsRequest();
    const { errorCode, versions } = await this.#request(request, this.#options.requestTimeoutMs);
    if (errorCode !== 0) throw this.#fail(unsupportedError(this.address, request, versions[0]));
    for (const { apiKey, minVersion, maxVersion } of versions) {
      this.#versions.set(apiKey, { minVersion, maxVersion });
    }
    if (this.#options.sasl === undefined) return;
    this.#connection.setVersions(Object.fromEntries(this.#versions));
    this.#connection.setSupportAuthenticationProtocol(true);
    await this.#authenticate();
  }

  async #authenticate(): Promise<void> {
    try {
      await this.#connection.authenticate();
      this.#connection.reauthenticationThreshold = reauthenticationMarginMs(
        Number(this.#connection.sessionLifetime.toString()),
      );
    } catch (thrown) {
      if (this.#reason !== undefined) throw this.#reason;
      const cause = toError(thrown);
      const { sasl } = this.#options;
      throw this.#fail(
        this.#bearer?.tokenError === undefined
          ? forbiddenError(this.address, sasl?.mechanism ?? '', cause)
          : tokenError(this.address, this.#bearer.tokenError),
      );
    }
  }

  #request<Result>(request: KafkaRequest<Result>, timeoutMs: number): Promise<Result> {
    return new Promise((resolve, reject) => {
      const write = (): void => {
        if (this.#reason !== undefined) return reject(this.#reason);
        try {
          this.#write(request, timeoutMs, resolve, reject);
        } catch (thrown) {
          reject(toError(thrown)); // What cannot be encoded holds up no other.
        }
      };
      if (this.#held.length > 0) {
        this.#held.push(write);
      } else if (
        this.#state === 'open' &&
        this.#options.sasl !== undefined &&
        !this.#connection.isAuthenticated()
      ) {
        // The broker ends sessions that live longer than it allows (connections.max.reauth.ms).
        this.#held.push(write);
        this.#reauthentication = this.#authenticateAnew();
      } else {
        write();
      }
    });
  }

  async #authenticateAnew(): Promise<void> {
    // A failure ends the connection, and each of those held is then refused with its reason.
    await this.#within(this.#authenticate()).catch((error: unknown) => this.#end(toError(error)));
    const held = this.#held;
    this.#held = [];
    for (const write of held) write();
  }

  #write<Result>(
    request: KafkaRequest<Result>,
    timeoutMs: number,
    resolve: (result: Result) => void,
    reject: (error: Error) => void,
  ): void {
    const { apiName } = request;
    const body = request.encode();
    const correlationId = this.#connection.nextCorrelationId();
    this.#pending.add(correlationId, {
      apiName,
      timeoutMs,
      refuse: reject,
      answer: (payload) => {
        try {
          this.#answers += 1;
          const result = decodeResponse(request, payload);
          this.#pending.maybeThrottle(throttleOf(result));
          resolve(result);
        } catch (thrown) {
          const error = this.#lost(toError(thrown), `its answer to ${apiName} cannot be read`);
          reject(error);
          this.#end(error);
        }
      },
    });
    const { clientId } = this.#options;
    this.#socket.write(encodeRequestHeader(request, correlationId, clientId, body.length), body);
  }

  /**
   * What arrives is ours to split, but for the bare tokens of SASL. What kafkajs throws while it reads those
   * would end the process.
   */
  #takeData(): void {
    const connection = this.#connection;
    const authenticate = connection.processData.bind(connection);
    const frames = new AnswerFrames((correlationId, payload) =>
      this.#pending.fulfillRequest({ correlationId, payload, size: 4 + payload.length }),
    );
    connection.processData = (data) => {
      if (this.#state === 'ended') return;
      try {
        if (connection.authHandlers === null) frames.push(data);
        else authenticate(Buffer.from(data));
      } catch (error) {
        const hint = this.#hint() ?? 'what it sends is not the protocol of Kafka';
        this.#end(this.#lost(toError(error), hint));
      }
    };
  }

  #within<Result>(work: Promise<Result>): Promise<Result> {
    const { requestTimeoutMs } = this.#options;
    const timer = this.#clock.after(requestTimeoutMs, () =>
      this.#end(timedOutError(this.address, 'authentication', requestTimeoutMs)),
    );
    return Promise.race([work, this.#ended.promise]).finally(() => timer.cancel());
  }

  #lost(cause: Error = new Error('it closed the connection'), hint = this.#hint()): Error {
    return unreachableError(this.address, cause, {
      isEncrypted: this.#options.tls !== undefined,
      hint,
    });
  }

  /** Brokers close without a word when security settings do not fit. */
  #hint(): string | undefined {
    if (!this.#socket.hasSent || this.#answers > 1) return undefined;
    if (this.#options.tls !== undefined && this.#answers === 0) {
      return 'check that this port is one of a listener with SSL or SASL_SSL';
    }
    if (this.#answers === 0)
      return 'check that this port is one of Kafka, and whether it wants TLS';
    return this.#options.sasl === undefined
      ? 'check whether its listener wants SASL, and that it runs'
      : undefined;
  }

  #fail(error: Error): Error {
    this.#end(error);
    return this.#reason ?? error;
  }

  #end(reason: Error, how: 'at once' | 'gently' = 'at once'): void {
    if (this.#state === 'ended') return;
    const wasOpen = this.#state === 'open' || this.#state === 'closing';
    this.#state = 'ended';
    this.#reason = reason;
    this.#connection.connectionStatus = disconnectedStatus;
    if (how === 'gently') this.#socket.end(this.#clock, this.#options.connectTimeoutMs);
    else this.#socket.reset();
    this.#pending.refuseAll(reason);
    for (const write of this.#held.splice(0)) write();
    this.#ended.reject(reason);
    if (wasOpen) for (const listener of this.#closeListeners) listener(reason);
  }
}

/** Not connected yet. */
export function openConnection(options: ConnectionOptions): BrokerConnection {
  return new BrokerConnection(options);
}

/**
 * kafkajs's 10 s would be all of a short session, and brokers take one authentication a second at most. Two seconds,
 * if the session has them, for a process that is held up just when it should authenticate.
 */
function reauthenticationMarginMs(lifetimeMs: number): number {
  const heldUpMs = Math.min(2_000, lifetimeMs - 1_200);
  return Math.min(10_000, Math.max(heldUpMs, lifetimeMs * 0.15));
}

function throttleOf(result: unknown): number | undefined {
  if (typeof result !== 'object' || result === null || !('throttleMs' in result)) return undefined;
  return typeof result.throttleMs === 'number' ? result.throttleMs : undefined;
}
