/** A connector of a case: through the REST API, and by the offsets that it leaves in Kafka. */
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { GroupOffset, SourceOffset } from '@sluice/record-log';
import { type ApiClient, type ApiResponse, type ConnectorStatus, waitFor } from '@sluice/testkit';
import type { LogView } from './log-view.ts';
import type { ConnectorSettings } from './targets/target.ts';

type TaskStatus = ConnectorStatus['tasks'][number];

/** With what both do on their way there. */
const limitMs = 40_000;

export class ConnectorHandle {
  readonly name: string;
  readonly #api: ApiClient;
  readonly #log: LogView;

  constructor(name: string, api: ApiClient, log: LogView) {
    this.name = name;
    this.#api = api;
    this.#log = log;
  }

  get #path(): string {
    return `/connectors/${encodeURIComponent(this.name)}`;
  }

  async apply(config: ConnectorSettings): Promise<void> {
    const { body, status } = await this.define(config);
    assert.ok([200, 201].includes(status), `PUT ${this.#path}: ${JSON.stringify(body)}`);
  }

  /** As `apply`, of what may be refused. */
  async define(config: ConnectorSettings): Promise<ApiResponse> {
    return await this.#mutate('PUT', '/config', config);
  }

  async stop(): Promise<void> {
    const { status } = await this.#mutate('PUT', '/stop');
    assert.equal(status, 204);
    await waitFor(() => this.status(), {
      what: `${this.name} to be stopped`,
      until: ({ connector, tasks }) => connector.state === 'STOPPED' && tasks.length === 0,
      timeoutMs: limitMs,
    });
  }

  async resume(): Promise<void> {
    const { status } = await this.#mutate('PUT', '/resume');
    assert.equal(status, 202);
  }

  async delete(): Promise<void> {
    await this.#mutate('DELETE', '');
  }

  async status(): Promise<ConnectorStatus> {
    return await this.#api.read<ConnectorStatus>(`${this.#path}/status`);
  }

  async untilRunning(tasks = 1): Promise<void> {
    await waitFor(() => this.status(), {
      what: `${this.name} to run`,
      until: (seen) =>
        seen.tasks.length === tasks && seen.tasks.every(({ state }) => state === 'RUNNING'),
      timeoutMs: limitMs,
    });
  }

  /** Until its task has failed, whether it is tried again or not, and what it then says. */
  async untilFailed(): Promise<TaskStatus & { readonly trace: string }> {
    const status = await waitFor(() => this.status(), {
      what: `the task of ${this.name} to fail`,
      until: ({ tasks }) =>
        ['FAILED', 'RESTARTING'].includes(tasks[0]?.state ?? '') && tasks[0]?.trace !== undefined,
      timeoutMs: limitMs,
    });
    const [task] = status.tasks;
    return { id: 0, state: '', worker_id: '', ...task, trace: task?.trace ?? '' };
  }

  /** Of a source. */
  async offsets(): Promise<SourceOffset[]> {
    return await this.#log.sourceOffsets(this.name);
  }

  /** Until the offset of a source's only partition is this. */
  async untilOffset(offset: Readonly<Record<string, unknown>>): Promise<void> {
    await waitFor(() => this.offsets(), {
      what: `the offset of ${this.name} to be ${JSON.stringify(offset)}`,
      until: ([first]) => isDeepStrictEqual(first?.offset, offset),
      timeoutMs: limitMs,
      intervalMs: 100,
    });
  }

  /** Of a sink's group. */
  async committed(group = `connect-${this.name}`): Promise<GroupOffset[]> {
    return await this.#log.groupOffsets(group);
  }

  /** Until a sink's only partition is committed up to here. */
  async untilCommitted(next: number, group?: string): Promise<void> {
    await waitFor(() => this.committed(group), {
      what: `${this.name} to commit ${String(next)}`,
      until: ([first]) => first?.offset === next,
      timeoutMs: limitMs,
      intervalMs: 100,
    });
  }

  /** While workers of Kafka Connect agree on who does what, they answer 409. */
  async #mutate(method: string, path: string, body?: unknown): Promise<ApiResponse> {
    return await waitFor(() => this.#api.request(method, `${this.#path}${path}`, body), {
      what: `an answer to ${method} ${this.#path}${path}`,
      until: ({ status }) => status !== 409,
      timeoutMs: limitMs,
      intervalMs: 200,
    });
  }
}
