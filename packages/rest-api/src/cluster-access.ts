/**
 * The routes' way to the cluster: every answer comes within the limit, and what a request came to is
 * either its result or an error with Kafka Connect's status.
 *
 * A request that is stored but not applied in time (no coordinator leads) answers 500 `Request timed
 * out`, as Kafka Connect does after 90 s, only that here it is after 10 s by default, and that the
 * message says that the change is kept: it will be applied when a leader comes. Not 503: that would tell
 * a client that nothing happened. Routes under `/sluice` say the same as 202 with the request's id.
 */
import type {
  ClusterClient,
  ClusterSnapshot,
  FoundConnector,
  PluginInfo,
  RequestBody,
  RequestResult,
  SubmitOutcome,
} from '@sluice/coordination';
import { type Clock, type LogLevel, SluiceError } from '@sluice/kernel';

import { ApiError } from './api-error.ts';
import { versionsOf } from './entities.ts';

export type Done = Extract<RequestResult, { kind: 'done' }>;
export type Pending = Extract<SubmitOutcome, { kind: 'pending' }>;

export interface ClusterAccessOptions {
  readonly client: ClusterClient;
  readonly clock: Clock;
  readonly requestTimeoutMs: number;
}

/** What a store may take longer than the client was told to wait, before that counts as hanging. */
const submitMarginMs = 2_000;
const pluginsKeptMs = 1_000;

export class ClusterAccess {
  readonly #client: ClusterClient;
  readonly #clock: Clock;
  readonly #requestTimeoutMs: number;
  #knownPlugins: { readonly plugins: readonly PluginInfo[]; readonly atMs: number } | undefined;

  constructor({ client, clock, requestTimeoutMs }: ClusterAccessOptions) {
    this.#client = client;
    this.#clock = clock;
    this.#requestTimeoutMs = requestTimeoutMs;
  }

  snapshot(): Promise<ClusterSnapshot> {
    return this.limited(this.#client.snapshot());
  }

  /** @throws ApiError 404 with this message. */
  async connector(name: string, notFound: string): Promise<FoundConnector> {
    const found = await this.limited(this.#client.connector(name));
    if (!found) throw new ApiError(404, notFound);
    return found;
  }

  /** Looks anew for a class that is not known, and now and then: a request costs no snapshot of the cluster. */
  async plugins(className: string): Promise<readonly PluginInfo[]> {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#knownPlugins;
    if (
      known &&
      nowMs - known.atMs < pluginsKeptMs &&
      versionsOf(known.plugins, className).length > 0
    )
      return known.plugins;
    const { plugins } = await this.snapshot();
    this.#knownPlugins = { plugins, atMs: nowMs };
    return plugins;
  }

  taskConfigs(connector: string): ReturnType<ClusterClient['taskConfigs']> {
    return this.limited(this.#client.taskConfigs(connector));
  }

  events(max: number): ReturnType<ClusterClient['events']> {
    return this.limited(this.#client.events(max));
  }

  topics(connector: string): ReturnType<ClusterClient['topics']> {
    return this.limited(this.#client.topics(connector));
  }

  forgetTopics(connector: string): Promise<void> {
    return this.limited(this.#client.forgetTopics(connector));
  }

  setLoggerLevel(logger: string, level: LogLevel): Promise<void> {
    return this.limited(this.#client.setLoggerLevel(logger, level));
  }

  /** Waits as long as a request may for tasks that are being stopped. */
  fenceOffsets(connector: string): ReturnType<ClusterClient['fenceOffsets']> {
    return this.limited(
      this.#client.fenceOffsets(connector, { timeoutMs: this.#requestTimeoutMs }),
      this.#requestTimeoutMs + submitMarginMs,
    );
  }

  /** @throws ApiError for a refusal, and for what is not applied in time. */
  async submit(body: RequestBody, options: { notFound?: string } = {}): Promise<Done> {
    const outcome = await this.submitOrPending(body, options);
    if (outcome.kind === 'done') return outcome;
    throw new ApiError(
      500,
      `Request timed out. It is stored as ${outcome.requestId} and will be applied when a coordinator leads: ${outcome.reason}`,
      { extra: { request_id: outcome.requestId } },
    );
  }

  /** @throws ApiError for a refusal. */
  async submitOrPending(
    body: RequestBody,
    { notFound }: { notFound?: string } = {},
  ): Promise<Done | Pending> {
    const outcome = await this.limited(
      this.#client.submit(body, { timeoutMs: this.#requestTimeoutMs }),
      this.#requestTimeoutMs + submitMarginMs,
    );
    if (outcome.kind !== 'refused') return outcome;
    const { status, message, code, errors } = outcome;
    throw new ApiError(status, status === 404 ? (notFound ?? message) : message, {
      extra: { code, ...(errors && { errors }) },
    });
  }

  /** @throws SluiceError `request.timeout`. */
  async limited<Value>(work: Promise<Value>, ms = this.#requestTimeoutMs): Promise<Value> {
    return within(work, ms, this.#clock);
  }
}

/** @throws SluiceError `request.timeout`. */
export async function within<Value>(
  work: Promise<Value>,
  ms: number,
  clock: Clock,
): Promise<Value> {
  work.catch(() => {});
  const expiry = Promise.withResolvers<never>();
  const timer = clock.after(ms, () =>
    expiry.reject(
      new SluiceError('request.timeout', `Request timed out. No answer within ${ms} ms`, {
        retriable: true,
      }),
    ),
  );
  try {
    return await Promise.race([work, expiry.promise]);
  } finally {
    timer.cancel();
  }
}
