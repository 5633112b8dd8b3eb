/** A running Kafka Connect, by its REST API: what it runs, and where that has got to. */
import type { TargetState } from '@sluice/coordination';
import { parseExactJson, systemClock, toError } from '@sluice/kernel';

import { CliError, exitCodes } from '../exit-codes.ts';
import { asFields, type Fields, isOffsets, type Offset } from './transfer-file.ts';

export interface ConnectConnector {
  readonly name: string;
  readonly config: Readonly<Record<string, string>>;
  readonly type: string;
  readonly targetState: TargetState;
  /** Nothing of it runs there, and its offsets stand still. */
  readonly isStopped: boolean;
}

const answerLimitMs = 30_000;
const stopLimitMs = 60_000;
/** It refuses changes while it rebalances, as it does after each connector that is stopped. */
const conflictLimitMs = 60_000;
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
    const path = 'connectors?expand=info&expand=status';
    const listed = asFields(await this.#ask('GET', path));
    if (!listed) {
      throw new CliError(
        exitCodes.invalid,
        `what answers at ${this.#url.href} does not tell its connectors with their configurations, as Kafka Connect does from 2.3 on (GET /${path})`,
      );
    }
    return Object.keys(listed)
      .sort()
      .map((name) => this.#connector(name, asFields(listed[name]) ?? {}));
  }

  #connector(name: string, { info, status }: Fields): ConnectConnector {
    const { config, type } = asFields(info) ?? {};
    const values = configOf(config);
    if (!values) {
      throw new CliError(
        exitCodes.invalid,
        `what answers at ${this.#url.href} does not tell the configuration of ${name}, a map of texts`,
      );
    }
    const state = asFields(asFields(status)?.['connector'])?.['state'];
    return {
      name,
      config: values,
      type: typeof type === 'string' ? type : 'unknown',
      targetState: state === 'PAUSED' || state === 'STOPPED' ? state : 'STARTED',
      isStopped: isStopped(status),
    };
  }

  /** Whole numbers exactly. @throws CliError, with how to do without if it is too old to tell them. */
  async offsets(name: string): Promise<readonly Offset[]> {
    const path = `connectors/${encodeURIComponent(name)}/offsets`;
    const answer = await this.#ask('GET', path).catch((error: unknown) => {
      if (!(error instanceof CliError) || error.exitCode !== exitCodes.invalid) throw error;
      throw offsetsError(name, error.message);
    });
    const offsets = asFields(answer)?.['offsets'];
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
    return status === undefined || isStopped(status);
  }

  /** The answer; undefined if it is empty, or if there is nothing of that name and there need not be. */
  async #ask(
    method: string,
    path: string,
    { mayBeMissing = false }: { readonly mayBeMissing?: boolean } = {},
  ): Promise<unknown> {
    const url = new URL(path, this.#url);
    const deadlineMs = systemClock.monotonicMs() + conflictLimitMs;
    let answer = await this.#send(method, url);
    while (answer.status === 409 && systemClock.monotonicMs() < deadlineMs) {
      await systemClock.sleep(lookPauseMs);
      answer = await this.#send(method, url);
    }
    const { status, text } = answer;
    if (status === 404 && mayBeMissing) return undefined;
    if (status < 200 || status >= 300) {
      throw new CliError(
        status === 401 || status === 403 ? exitCodes.unreachable : exitCodes.invalid,
        `Kafka Connect answers ${method} ${url.pathname} with ${status}: ${text.slice(0, 300)}`,
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

  async #send(method: string, url: URL): Promise<{ status: number; text: string }> {
    try {
      const response = await fetch(url, {
        method,
        redirect: 'error',
        signal: AbortSignal.timeout(answerLimitMs),
        headers: { accept: 'application/json', ...this.#header() },
      });
      return { status: response.status, text: await response.text() };
    } catch (error) {
      const { cause } = toError(error);
      const reason = cause instanceof Error ? cause.message : toError(error).message;
      throw new CliError(
        exitCodes.unreachable,
        `cannot reach Kafka Connect at ${this.#url.href}: ${reason}`,
        { cause: error },
      );
    }
  }

  #header(): Record<string, string> {
    return this.#authorization === undefined ? {} : { authorization: this.#authorization };
  }
}

function isStopped(status: unknown): boolean {
  const { connector, tasks = [] } = asFields(status) ?? {};
  const hasNone = Array.isArray(tasks) && tasks.length === 0;
  return asFields(connector)?.['state'] === 'STOPPED' && hasNone;
}

/** A key without a value says nothing. */
function configOf(value: unknown): Readonly<Record<string, string>> | undefined {
  const fields = asFields(value);
  if (!fields) return undefined;
  const given = Object.entries(fields).filter(([, each]) => each !== null);
  if (given.some(([, each]) => typeof each === 'object')) return undefined;
  return Object.fromEntries(given.map(([key, each]) => [key, String(each)]));
}

function offsetsError(name: string, reason: string): CliError {
  return new CliError(
    exitCodes.invalid,
    `Kafka Connect does not tell the offsets of ${name}, as it does from 3.6 on (${reason}): ` +
      'without them it would begin anew, which --no-offsets allows',
  );
}
