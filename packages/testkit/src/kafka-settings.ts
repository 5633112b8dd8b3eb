/**
 * The settings of one node of a Kafka cluster, as in `server.properties`. Every node is broker and
 * controller at once (KRaft), has a plain listener for its neighbours, tools and tests, and those that were
 * asked for besides.
 */
import { type KafkaListener, listenerSettings, protocolOf } from './kafka-listeners.ts';

export interface NodeAddress {
  readonly id: number;
  readonly port: number;
  readonly controllerPort: number;
  /** Of the other listeners, by name. */
  readonly listenerPorts: Readonly<Record<string, number>>;
}

export interface NodeSettings {
  readonly node: NodeAddress;
  /** All of the cluster, this one included. */
  readonly nodes: readonly NodeAddress[];
  readonly dir: string;
  readonly dataDir: string;
  readonly listeners: Readonly<Record<string, KafkaListener>>;
  readonly users: Readonly<Record<string, string>>;
  /** Wins over what is set here. */
  readonly config: Readonly<Record<string, string>>;
}

const host = '127.0.0.1';

export function nodeSettings(settings: NodeSettings): Record<string, string> {
  const { node, nodes, listeners } = settings;
  const own = Object.entries(listeners).map(([name, listener]) => ({
    name: listenerName(name),
    protocol: protocolOf(listener),
    port: node.listenerPorts[name] ?? 0,
  }));
  const open = [{ name: 'PLAINTEXT', protocol: 'PLAINTEXT', port: node.port }, ...own];
  const internal = [{ name: 'CONTROLLER', protocol: 'PLAINTEXT', port: node.controllerPort }];
  const addresses = (of: typeof open): string =>
    of.map(({ name, port }) => `${name}://${host}:${port}`).join(',');
  return {
    'process.roles': 'broker,controller',
    'node.id': String(node.id),
    'controller.quorum.voters': nodes
      .map(({ id, controllerPort }) => `${id}@${host}:${controllerPort}`)
      .join(','),
    'controller.listener.names': 'CONTROLLER',
    listeners: addresses([...open, ...internal]),
    'advertised.listeners': addresses(open),
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': [...open, ...internal]
      .map(({ name, protocol }) => `${name}:${protocol}`)
      .join(','),
    'log.dirs': settings.dataDir,
    ...small,
    ...(nodes.length === 1 ? alone : replicated),
    ...Object.assign(
      {},
      ...Object.entries(listeners).map(([name, listener]) =>
        listenerSettings({
          prefix: `listener.name.${listenerName(name).toLowerCase()}.`,
          name,
          listener,
          dir: settings.dir,
          users: settings.users,
        }),
      ),
    ),
    ...settings.config,
  };
}

/** What Kafka keeps for itself, in the size that a test needs. */
const small = {
  'offsets.topic.num.partitions': '4',
  'transaction.state.log.num.partitions': '4',
  'share.coordinator.state.topic.num.partitions': '4',
  // A group starts with its first member.
  'group.initial.rebalance.delay.ms': '0',
  // 128 MiB by default, half of the heap.
  'log.cleaner.dedupe.buffer.size': String(4 * 1024 * 1024),
  // By default 9 s, in which nobody leads what a killed broker led, and it cannot register anew.
  'broker.session.timeout.ms': '3000',
  'broker.heartbeat.interval.ms': '500',
};

const alone = {
  'offsets.topic.replication.factor': '1',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
  'default.replication.factor': '1',
};

const replicated = {
  'offsets.topic.replication.factor': '3',
  'transaction.state.log.replication.factor': '3',
  'transaction.state.log.min.isr': '2',
  'share.coordinator.state.topic.replication.factor': '3',
  'share.coordinator.state.topic.min.isr': '2',
  'default.replication.factor': '3',
  'min.insync.replicas': '2',
};

/** Kafka wants them in capitals. */
function listenerName(name: string): string {
  return name.toUpperCase();
}

/** As Java reads it: one line each, backslashes doubled. */
export function propertiesText(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n`)
    .join('');
}
