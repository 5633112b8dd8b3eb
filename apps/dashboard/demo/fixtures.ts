/** Answers of the demo to all that is asked for besides the live view. */
import type { DemoCluster } from './cluster.ts';
import { configInfos, configKeys, plugins } from './plugins.ts';

export interface DemoRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

/** Undefined: there is no such thing in the demo. */
export function answers(cluster: DemoCluster, { method, path, query, body }: DemoRequest): unknown {
  const { view } = cluster;
  if (path === '/sluice/events') return events(cluster, query);
  if (path === '/sluice/plan') return plan(cluster, body);
  if (path === '/sluice/tasks') return tasks(cluster);
  if (path === '/sluice/errors') return errorGroups(cluster);
  if (path === '/sluice/logs') return { lines: logLines(), next: null };
  if (path === '/sluice/dead-letters') return letters(query);
  if (path === '/sluice/records') return records(query);
  if (path === '/sluice/lag') return lag(query.get('connector') ?? '');
  if (path === '/sluice/preview') return preview;
  if (path === '/connector-plugins') return plugins;
  if (/^\/connector-plugins\/[^/]+\/config$/.test(path)) return configKeys();
  if (path.endsWith('/validate')) return configInfos(body as Record<string, string>);
  const [, area, name = '', below] = path.split('/').map(decodeURIComponent);
  if (area !== 'connectors' || method !== 'GET') return method === 'GET' ? undefined : {};
  if (below === 'offsets') return { offsets: offsets(view.connectors[name]?.type ?? 'source') };
  if (below === 'topics') return { [name]: { topics: [`shop.${name}`, `shop.${name}.changes`] } };
  return { name, type: view.connectors[name]?.type, config: configOf(cluster, name) };
}

/** As the server chooses them: steps of units only where the query names what they are of. */
function events(cluster: DemoCluster, query: URLSearchParams): object[] {
  const { events: latest } = cluster.view;
  const wanted = ['unit', 'connector', 'worker'].flatMap((key) => {
    const value = query.get(key);
    return value === null ? [] : [[key, value] as const];
  });
  const isOfUnits = wanted.length > 0 || query.get('type') === 'unit';
  if (!isOfUnits) return [...latest];
  return [...cluster.steps, ...latest]
    .filter(({ facts }) => wanted.every(([key, value]) => facts[key] === value))
    .filter(({ type }) => query.get('type') === null || type.startsWith('unit.'))
    .toSorted((a, b) => b.at_ms - a.at_ms)
    .slice(0, Number(query.get('limit') ?? 100));
}

const stack = [
  '    at connect (packages/connectors/postgresql/src/connect.ts:41:11)',
  '    at CaptureTask.start (packages/connectors/postgresql/src/capture-task.ts:88:5)',
  '    at TaskActor.run (packages/runtime/src/task-actor.ts:120:7)',
].join('\n');

function tasks({ view }: DemoCluster): object[] {
  return Object.entries(view.units).map(([id, unit]) => ({
    ...unit,
    id,
    trace: unit.error === null ? null : `${unit.error}\n${stack}`,
  }));
}

function errorGroups({ view }: DemoCluster): object[] {
  const failing = Object.entries(view.units).filter(([, { error }]) => error !== null);
  return [...Map.groupBy(failing, ([, { error }]) => error ?? '')].map(([message, units]) => ({
    fingerprint: message.slice(0, 12),
    message,
    trace: `${message}\n${stack}`,
    count: units.length,
    units: units.map(([id]) => id),
    connectors: [...new Set(units.map(([, { connector }]) => connector))],
    first_ms: view.at_ms - 3_600_000,
    last_ms: view.at_ms - 4_000,
  }));
}

function configOf({ view }: DemoCluster, name: string): Record<string, string> {
  const connector = view.connectors[name];
  const shared = { name, 'connector.class': connector?.class ?? '', 'tasks.max': '5' };
  return connector?.type === 'sink'
    ? {
        ...shared,
        topics: 'shop.orders,shop.payments',
        'connection.url': 'jdbc:mariadb://warehouse:3306/shop',
        'connection.password': '********',
        transforms: 'unwrap,route',
        'transforms.unwrap.type': 'io.debezium.transforms.ExtractNewRecordState',
        'transforms.route.type': 'org.apache.kafka.connect.transforms.RegexRouter',
        'errors.tolerance': 'all',
        'errors.deadletterqueue.topic.name': `${name}-dead`,
      }
    : {
        ...shared,
        'database.hostname': 'db.internal',
        'database.password': ['$', '{env:DB_PASSWORD}'].join(''),
        'topic.prefix': 'shop',
        'table.include.list': 'public.orders,public.lines',
      };
}

function offsets(type: string): object[] {
  if (type !== 'sink') {
    return [{ partition: { server: 'shop' }, offset: { lsn: 24_023_128, txId: 571 } }];
  }
  return [0, 1, 2, 3].map((partition) => ({
    partition: { kafka_topic: 'shop.orders', kafka_partition: partition },
    offset: { kafka_offset: 120_400 + partition * 37 },
  }));
}

function logLines(): object[] {
  const messages = [
    ['info', 'snapshot of public.orders: 240 008 rows in 41 s'],
    ['warn', 'connection lost: read ECONNRESET; trying again in 2 s'],
    ['error', 'cannot connect: connect ECONNREFUSED 10.0.3.17:5432'],
    ['info', 'streaming from 0/16E3F98'],
  ] as const;
  return messages.map(([level, message], index) => ({
    id: `${index}`,
    at_ms: Date.now() - index * 7_000,
    level,
    worker: 'worker-1',
    connector: 'orders',
    task: index % 3,
    message,
  }));
}

const lettersCount = 250;

function letters(query: URLSearchParams): object {
  const end = Number(query.get('before')?.split(':')[1] ?? lettersCount);
  const from = Math.max(0, end - Number(query.get('limit') ?? 50));
  const shown = Array.from({ length: end - from }, (_, index) => end - 1 - index);
  return { letters: shown.map(letter), next: from > 0 ? `0:${from}` : null };
}

function letter(offset: number): object {
  return {
    partition: 0,
    offset,
    timestampMs: Date.now() - (lettersCount - offset) * 90_000,
    replayed: offset % 5 === 3,
    errors: {
      topic: 'shop.orders',
      partition: String(offset % 3),
      offset: String(4_100 + offset),
      stage: 'TASK_PUT',
      'exception.message': 'column "total" is numeric(10,2), and 1234567890.5 does not fit',
      'exception.stacktrace': `DataException: column "total" is numeric(10,2)\n${stack}`,
    },
    key: `order-${offset}`,
    value: `{"id":${offset},"total":"1234567890.50","state":"paid"}`,
  };
}

function lag(connector: string): object {
  const partitions = Array.from({ length: 24 }, (_, partition) => {
    const [committed, end] = [120_400 + partition * 37, 120_400 + partition * 37 + 7 * partition];
    return { topic: 'shop.orders', partition, committed, end, lag: end - committed };
  });
  const none = { topic: 'shop.payments', partition: 0, committed: null, end: 0, lag: 0 };
  const gone = { topic: 'shop.refunds', partition: 0, committed: 41, end: null, lag: null };
  return {
    connector,
    group: `connect-${connector}`,
    lag: partitions.reduce((sum, each) => sum + each.lag, 0),
    partitions: [...partitions.toReversed(), none, gone],
  };
}

const recordsCount = 250;

function records(query: URLSearchParams): object {
  const end = Number(query.get('before')?.split(':')[1] ?? recordsCount);
  const from = Math.max(0, end - Number(query.get('limit') ?? 50));
  const shown = Array.from({ length: end - from }, (_, index) => end - 1 - index);
  return {
    topic: query.get('topic'),
    partitions: [0, 1, 2].map((partition) => ({ partition, low: 0, high: recordsCount })),
    records: shown.map(record),
    next: from > 0 ? `0:${from}` : null,
    problems: {},
  };
}

function record(offset: number): object {
  const text = JSON.stringify({ id: offset, total: '99.50', state: 'paid', customer: 'Åsa Öberg' });
  const value = { length: text.length, json: text };
  const broken = { length: 9, text: '{"id": 7,', error: 'is no JSON: it ends too early' };
  return {
    partition: offset % 3,
    offset,
    timestamp_ms: Date.now() - (recordsCount - offset) * 900,
    key: { length: 8, json: `"order-${offset}"` },
    value: offset % 17 === 3 ? broken : offset % 17 === 5 ? null : value,
    headers: [{ name: 'traceparent', value: { length: 55, json: '"00-0af7651916cd43dd-01"' } }],
  };
}

const preview = {
  name: 'preview',
  tasks: 1,
  records: Array.from({ length: 10 }, (_, line) => ({
    task: 0,
    before: { topic: 'lines', key: 'null', value: `"line ${line}"`, headers: '[]' },
    offset: `{"position":${line * 8}}`,
    steps: [
      {
        name: 'value',
        kind: 'converter',
        result: 'changed',
        bytes: { length: 6, text: `line ${line}` },
      },
    ],
  })),
  end: { kind: 'ended', by: 'records' },
};

function plan({ view }: DemoCluster, body: unknown): object {
  const { workers } = body as { workers: { add: number; remove: string[] } };
  const left = Object.keys(view.workers).filter((name) => !workers.remove.includes(name));
  const orphans = Object.entries(view.units).filter(
    ([, { worker }]) => worker !== null && workers.remove.includes(worker),
  );
  return {
    moves: orphans.map(([unit, { worker }], index) => ({
      unit,
      from: worker,
      to: left[index % left.length] ?? null,
      why: 'move',
    })),
    problems: [],
    added: Array.from({ length: workers.add }, (_, index) => `new-${index + 1}`),
  };
}
