/** A running Kafka Connect, by its REST API: what it runs, and where that has got to. */
import type { TargetState } from '@sluice/coordination';
import { parseExactJson, systemClock, toError } from '@sluice/kernel';

import { CliError, exitCodes } from '../exit-codes.ts';
import { isOffsets, type Offset } from './transfer-file.ts';

export interface ConnectConnector {
  readonly name: string;
  readonly config: Readonly<Record<string, string>>;
  readonly type: string;
  readonly targetState: TargetState;
  /** Nothing of it runs there, and its offsets stand still. */
  readonly isStopped: boolean;
}

interface Listed {
  readonly info?: { readonly config?: Record<string, string>; readonly type?: string };
  readonly status?: Status;
}

interface Status {
  readonly connector?: { readonly state?: string };
  readonly tasks?: readonly unknown[];
}

const answerLimitMs = 30_000;
const stopLimitMs = 60_000;
const lookPauseMs = 250;

export class KafkaConnectClient {
  readonly #url: URL;
  readonly #authorization: string | undefined;

  /** Users and passwords stand in the URL. @throws CliError */
  constructor(text: string) {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (!url || !/^https?:$/.test(url.protocol)) {
      throw new CliError(
        exitCodes.usage,
        '--from-connect is the URL of the REST API, as in --from-connect http://connect:8083',
      );
    }
    const { username, password } = url;
    if (username !== '') {
      const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
      this.#authorization = `Basic ${Buffer.from(user).toString('base64')}`;
      url.username = '';
      url.password = '';
    }
    if (!url.pathname.endsWith('/')) url.pathname += '/';
    this.#url = url;
  }

  /** In the order of their names. */
  async connectors(): Promise<ConnectConnector[]> {
    const listed = (await this.#ask('GET', 'connectors?expand=info&expand=status')) as Readonly<
      Record<string, Listed>
    >;
    return Object.keys(listed)
      .sort()
      .map((name): ConnectConnector => {
        const { info, status } = listed[name] ?? {};
        const state = status?.connector?.state ?? 'UNASSIGNED';
        return {
          name,
          config: info?.config ?? {},
          type: info?.type ?? 'unknown',
          targetState: state === 'PAUSED' || state === 'STOPPED' ? state : 'STARTED',
          isStopped: isStopped(status),
        };
      });
  }

  /** Whole numbers exactly. @throws CliError, with how to do without if it is too old to tell them. */
  async offsets(name: string): Promise<readonly Offset[]> {
    const path = `connectors/${encodeURIComponent(name)}/offsets`;
    const answer = await this.#ask('GET', path).catch((error: unknown) => {
      if (!(error instanceof CliError) || error.exitCode !== exitCodes.invalid) throw error;
      throw offsetsError(name, error.message);
    });
    const { offsets } = answer as { readonly offsets?: unknown };
    if (isOffsets(offsets)) return offsets;
    throw offsetsError(name, 'its answer has another form');
  }

  /** Returns once none of its tasks is left. @throws CliError */
  async stop(name: string): Promise<void> {
    await this.#ask('PUT', `connectors/${encodeURIComponent(name)}/stop`);
    const deadlineMs = systemClock.monotonicMs() + stopLimitMs;
    for (;;) {
      if (await this.#hasStopped(name)) return;
      if (systemClock.monotonicMs() > deadlineMs) {
        throw new CliError(
          exitCodes.timeout,
          `${name} has not stopped in Kafka Connect within ${stopLimitMs / 1_000} s: look at its status there, and repeat the import`,
        );
      }
      await systemClock.sleep(lookPauseMs);
    }
  }

  /** Also if it is not there any more. */
  async #hasStopped(name: string): Promise<boolean> {
    const path = `connectors/${encodeURIComponent(name)}/status`;
    const status = await this.#ask('GET', path, { mayBeMissing: true });
    return status === undefined || isStopped(status as Status);
  }

  /** The answer; undefined if it is empty, or if there is nothing of that name and there need not be. */
  async #ask(
    method: string,
    path: string,
    { mayBeMissing = false }: { readonly mayBeMissing?: boolean } = {},
  ): Promise<unknown> {
    const url = new URL(path, this.#url);
    const request = fetch(url, {
      method,
      redirect: 'error',
      signal: AbortSignal.timeout(answerLimitMs),
      headers: { accept: 'application/json', ...this.#header() },
    });
    const response = await request.catch((error: unknown) => {
      const { cause } = toError(error);
      const reason = cause instanceof Error ? cause.message : toError(error).message;
      throw new CliError(
        exitCodes.unreachable,
        `cannot reach Kafka Connect at ${this.#url.href}: ${reason}`,
        { cause: error },
      );
    });
    const text = await response.text();
    if (response.status === 404 && mayBeMissing) return undefined;
    if (!response.ok) {
      throw new CliError(
        response.status === 401 || response.status === 403
          ? exitCodes.unreachable
          : exitCodes.invalid,
        `Kafka Connect answers ${method} ${url.pathname} with ${response.status}: ${text.slice(0, 300)}`,
      );
    }
    try {
      return text === '' ? undefined : parseExactJson(text);
    } catch (error) {
      throw new CliError(
        exitCodes.invalid,
        `what answers at ${this.#url.href} is not Kafka Connect: ${url.pathname} is not JSON`,
        { cause: error },
      );
    }
  }

  #header(): Record<string, string> {
    return this.#authorization === undefined ? {} : { authorization: this.#authorization };
  }
}

function isStopped(status: Status | undefined): boolean {
  return status?.connector?.state === 'STOPPED' && (status.tasks ?? []).length === 0;
}

function offsetsError(name: string, reason: string): CliError {
  return new CliError(
    exitCodes.invalid,
    `Kafka Connect does not tell the offsets of ${name}, as it does from 3.6 on (${reason}): ` +
      'without them it would begin anew, which --no-offsets allows',
  );
}
