/** Who captures: Sluice, or Debezium on the real Kafka Connect. One worker each, which stays for all rounds. */
import type { ConnectorConfig } from '@sluice/connector-api';
import {
  type ApiClient,
  type ApiResponse,
  type ConnectorStatus,
  type KafkaHandle,
  startCluster,
  startKafkaConnect,
  waitFor,
} from '@sluice/testkit';

export type ContenderName = 'sluice' | 'debezium';

export interface Contender {
  readonly name: ContenderName;
  readonly api: ApiClient;
  /** Of the processes that run connectors, without their children. */
  readonly workers: readonly number[];
  /** Of what stands beside them: Sluice's coordinator and its Redis. */
  readonly besides: readonly number[];
  /** What it printed. */
  readonly logs: () => string;
  readonly stop: () => Promise<void>;
}

const stateTimeoutMs = 60_000;

/** One coordinator and one worker. `installation`: a folder with the compiled apps; undefined: from their sources. */
export async function startSluice(
  kafka: KafkaHandle,
  nodeOptions: string,
  installation: string | undefined,
): Promise<Contender> {
  const cluster = await startCluster({
    workers: 1,
    profile: 'default',
    ...(installation === undefined ? {} : { installation }),
    env: {
      KAFKA_BROKERS: kafka.bootstrap,
      ...(nodeOptions === '' ? {} : { NODE_OPTIONS: nodeOptions }),
    },
  });
  const redis = cluster.redis ? [cluster.redis.pid] : [];
  return {
    name: 'sluice',
    api: cluster.api,
    workers: cluster.workers.map(({ process: { pid } }) => pid),
    besides: [...cluster.coordinators.map(({ process: { pid } }) => pid), ...redis],
    logs: () => cluster.logs(),
    stop: () => cluster.stop(),
  };
}

export async function startDebezium(
  kafka: KafkaHandle,
  pluginFolder: string,
  heapMb: number,
): Promise<Contender> {
  const connect = await startKafkaConnect({
    kafka,
    tuning: 'server',
    heapMb,
    config: { 'plugin.path': pluginFolder },
  });
  return {
    name: 'debezium',
    api: connect.api,
    workers: [connect.pid],
    besides: [],
    logs: () => connect.output(),
    stop: () => connect.stop(),
  };
}

export async function create(
  { api }: Contender,
  connector: string,
  config: ConnectorConfig,
): Promise<void> {
  await ask(() => api.put(`/connectors/${connector}/config`, config), `${connector} to be taken`);
}

/** Until no task of it runs. */
export async function halt({ api }: Contender, connector: string): Promise<void> {
  await ask(() => api.put(`/connectors/${connector}/stop`), `${connector} to be told to stop`);
  await waitFor(() => statusOf(api, connector), {
    what: `${connector} to stop`,
    until: (status) => status.connector.state === 'STOPPED' && status.tasks.length === 0,
    timeoutMs: stateTimeoutMs,
  });
}

export async function resume({ api }: Contender, connector: string): Promise<void> {
  await ask(() => api.put(`/connectors/${connector}/resume`), `${connector} to be told to resume`);
}

export async function remove({ api }: Contender, connector: string): Promise<void> {
  await ask(() => api.delete(`/connectors/${connector}`), `${connector} to be deleted`);
  await waitFor(async () => (await api.get(`/connectors/${connector}`)).status, {
    what: `${connector} to be gone`,
    until: (status) => status === 404,
    timeoutMs: stateTimeoutMs,
  });
}

/** Again where a busy machine does not answer in time; what was asked twice is done once. */
async function ask(request: () => Promise<ApiResponse>, what: string): Promise<void> {
  await waitFor(request, {
    what,
    until: ({ status }) => status < 300 || status === 404,
    timeoutMs: stateTimeoutMs,
  });
}

/** Why its tasks stand still, if they do. */
export async function failureOf(
  { api }: Contender,
  connector: string,
): Promise<string | undefined> {
  const { body, status } = await api.get<ConnectorStatus>(`/connectors/${connector}/status`);
  if (status !== 200) return undefined;
  return [body.connector as { state: string; trace?: string }, ...body.tasks].find(
    ({ state }) => state === 'FAILED',
  )?.trace;
}

async function statusOf(api: ApiClient, connector: string): Promise<ConnectorStatus> {
  return await api.read(`/connectors/${connector}/status`);
}
