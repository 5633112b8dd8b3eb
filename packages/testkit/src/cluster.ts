/**
 * A whole cluster of real processes: coordinators and workers, from their sources unless an installation is
 * given, on a real Redis.
 * All of them die with the tests. What they printed is in `logs()`.
 */
import { join } from 'node:path';
import { newShortId, SluiceError, toError } from '@sluice/kernel';
import { ApiClient } from './api-client.ts';
import { limitMs } from './machine.ts';
import { type LogLine, type NodeProcess, spawnNode } from './node-process.ts';
import { type RedisHandle, startRedis } from './redis.ts';
import { waitFor } from './wait-for.ts';

const readyTimeoutMs = 45_000;
const connectorTimeoutMs = 30_000;

export interface StartClusterOptions {
  /** Default: a Redis of its own, with an append-only file, that ends with the cluster. */
  readonly redisUrl?: string;
  /** Default 1. */
  readonly coordinators?: number;
  /** Default 2. */
  readonly workers?: number;
  /** Default `fast`. */
  readonly profile?: 'default' | 'fast';
  /** For all processes, for example `{ SLUICE_PLUGINS: '/path/to/plugin.ts' }`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Default: a new one. */
  readonly name?: string;
  /** A folder in which the compiled apps are installed. Default: they run from their sources. */
  readonly installation?: string;
}

export interface AddWorkerOptions {
  /** Default: the next number. */
  readonly name?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The folder of another release's sources, to run it instead of this one. */
  readonly release?: string;
  /** As in `spawnNode`. */
  readonly within?: readonly string[];
}

/** A process of the cluster that has said that it is ready. */
export interface Member {
  readonly name: string;
  readonly port: number;
  readonly url: string;
  readonly process: NodeProcess;
}

export interface ConnectorStatus {
  readonly name: string;
  readonly connector: { readonly state: string; readonly worker_id: string };
  readonly tasks: readonly {
    readonly id: number;
    readonly state: string;
    readonly worker_id: string;
    readonly trace?: string;
  }[];
}

/**
 * @example
 * await using cluster = await startCluster({ workers: 3 });
 * await cluster.apply('orders', { 'connector.class': 'FileStreamSource', file, topic: 'orders' });
 * await cluster.waitForRunning('orders');
 */
export async function startCluster(options: StartClusterOptions = {}): Promise<Cluster> {
  const redis = options.redisUrl === undefined ? await startRedis({ appendOnly: true }) : undefined;
  const cluster = new Cluster(options.redisUrl ?? redis?.url ?? '', redis, options);
  try {
    await cluster.start(options.coordinators ?? 1, options.workers ?? 2);
    return cluster;
  } catch (error) {
    const logs = cluster.logs();
    await cluster.stop();
    throw new SluiceError('testkit.cluster', `${toError(error).message}\n${logs}`, {
      cause: error,
    });
  }
}

export class Cluster {
  readonly name: string;
  readonly redisUrl: string;
  /** The Redis that belongs to this cluster, if it started one. */
  readonly redis: RedisHandle | undefined;
  readonly coordinators: Member[] = [];
  readonly workers: Member[] = [];
  /** Asks the first coordinator that runs. */
  readonly api: ApiClient;
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #installation: string | undefined;
  readonly #processes: NodeProcess[] = [];
  #coordinatorsStarted = 0;
  #workersStarted = 0;

  constructor(redisUrl: string, redis: RedisHandle | undefined, options: StartClusterOptions) {
    this.name = options.name ?? `test-${newShortId()}`;
    this.redisUrl = redisUrl;
    this.redis = redis;
    this.#installation = options.installation;
    this.#env = {
      REDIS_URL: redisUrl,
      SLUICE_CLUSTER: this.name,
      SLUICE_PROFILE: options.profile ?? 'fast',
      SLUICE_LOG_LEVEL: 'info',
      // All start at once, and each takes a while to load its code, in which it hears nothing.
      SLUICE_REDIS_WAIT_MS: String(readyTimeoutMs),
      ...options.env,
    };
    this.api = new ApiClient(() => this.#liveCoordinator().url);
  }

  async start(coordinators: number, workers: number): Promise<void> {
    // One after another would cost a second each; all at once is what a deployment does.
    await Promise.all([
      ...Array.from({ length: coordinators }, async () => await this.addCoordinator()),
      ...Array.from({ length: workers }, async () => await this.addWorker()),
    ]);
    await waitFor(async () => await this.liveWorkers(), {
      what: `${workers} workers to be seen by the coordinator`,
      until: (seen) => coordinators === 0 || seen.length >= workers,
      timeoutMs: limitMs(readyTimeoutMs),
    });
  }

  /** `release`: the folder of another release's sources, to run it instead of this one. */
  async addCoordinator(
    env: Readonly<Record<string, string>> = {},
    options: { release?: string } = {},
  ): Promise<Member> {
    this.#coordinatorsStarted += 1;
    const name = `coordinator-${this.#coordinatorsStarted}`;
    const variables = { SLUICE_COORDINATOR_NAME: name, SLUICE_PORT: '0', ...env };
    const child = this.#spawn('coordinator', name, variables, options);
    const ready = await child.waitForLog('coordinator ready', {
      timeoutMs: limitMs(readyTimeoutMs),
    });
    const member = memberOf(name, child, ready);
    this.coordinators.push(member);
    return member;
  }

  /** A worker with the name of one that ended is a new instance of it. */
  async addWorker(options: AddWorkerOptions = {}): Promise<Member> {
    this.#workersStarted += 1;
    const name = options.name ?? `worker-${this.#workersStarted}`;
    const variables = { SLUICE_WORKER_NAME: name, SLUICE_WORKER_PORT: '0', ...options.env };
    const child = this.#spawn('worker', name, variables, options);
    const ready = await child.waitForLog('worker ready', {
      timeoutMs: limitMs(readyTimeoutMs),
    });
    const member = memberOf(name, child, ready);
    this.workers.push(member);
    return member;
  }

  worker(name: string): Member {
    const found = this.workers.findLast((member) => member.name === name);
    if (found === undefined) throw new Error(`no worker ${name} was started`);
    return found;
  }

  /** Names of the workers that the API counts as alive. */
  async liveWorkers(): Promise<string[]> {
    if (this.coordinators.length === 0) return [];
    const body = await this.api.read<unknown>('/sluice/workers');
    return listOf(body, 'workers').flatMap(({ id, state }) =>
      typeof id === 'string' && state !== 'dead' ? [id] : [],
    );
  }

  /** Creates or replaces a connector; fails with the API's message. */
  async apply(connector: string, config: Readonly<Record<string, string>>): Promise<void> {
    const path = `/connectors/${encodeURIComponent(connector)}/config`;
    const { status, body } = await this.api.put(path, config);
    if (status !== 200 && status !== 201) {
      throw new SluiceError('testkit.bad_status', `PUT ${path}: ${status} ${JSON.stringify(body)}`);
    }
  }

  async status(connector: string): Promise<ConnectorStatus> {
    return await this.api.read(`/connectors/${encodeURIComponent(connector)}/status`);
  }

  /** Until the connector and all of its tasks, at least `tasks`, are RUNNING. */
  async waitForRunning(connector: string, tasks = 1): Promise<ConnectorStatus> {
    return await waitFor(async () => await this.status(connector), {
      what: `${connector} to run with ${tasks} task(s)`,
      until: (seen) =>
        seen.connector.state === 'RUNNING' &&
        seen.tasks.length >= tasks &&
        seen.tasks.every((task) => task.state === 'RUNNING'),
      timeoutMs: limitMs(connectorTimeoutMs),
    });
  }

  /** The end of what each process printed. */
  logs(): string {
    return this.#processes.map((child) => child.describe()).join('\n\n');
  }

  async stop(): Promise<void> {
    // Workers first, while a coordinator can still take their tasks from them in order.
    await Promise.all(this.workers.map(async (member) => await member.process.stop()));
    await Promise.all(this.#processes.map(async (child) => await child.stop()));
    await this.redis?.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #spawn(
    app: 'coordinator' | 'worker',
    name: string,
    env: Readonly<Record<string, string>>,
    { release = '', within }: Pick<AddWorkerOptions, 'release' | 'within'>,
  ): NodeProcess {
    const entry =
      this.#installation === undefined || release !== ''
        ? join(release, `apps/${app}/src/main.ts`)
        : join(this.#installation, 'node_modules/@sluice', app, 'dist/main.js');
    const child = spawnNode(entry, {
      name,
      env: { ...this.#env, ...env },
      ...(within === undefined ? {} : { within }),
    });
    this.#processes.push(child);
    return child;
  }

  #liveCoordinator(): Member {
    const live = this.coordinators.find((member) => !member.process.hasExited);
    if (live === undefined) throw new Error('no coordinator of this cluster runs');
    return live;
  }
}

function memberOf(name: string, child: NodeProcess, ready: LogLine): Member {
  const port = Number(ready['port']);
  return { name, port, url: `http://127.0.0.1:${port}`, process: child };
}

/** Some endpoints answer a bare list, some one in an object. */
function listOf(body: unknown, key: string): Record<string, unknown>[] {
  if (Array.isArray(body)) return body as Record<string, unknown>[];
  const inner: unknown =
    typeof body === 'object' && body !== null ? Reflect.get(body, key) : undefined;
  return Array.isArray(inner) ? (inner as Record<string, unknown>[]) : [];
}
