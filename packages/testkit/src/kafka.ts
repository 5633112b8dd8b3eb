/**
 * A real Kafka of its own: one node, or three that keep a quorum when one of them is killed. Free ports,
 * temporary folders, nothing that another test sees.
 *
 * States of a node: running → (kill) gone → (restart) running → … → (stop or dispose) removed.
 * A port taken by somebody else in between: other ones are tried, unless the caller chose it.
 * Not ready within the limit, or gone before: an error with the end of what it printed.
 */
import { join } from 'node:path';
import { SluiceError } from '@sluice/kernel';
import { type KafkaVersion, requireKafka } from './find-kafka.ts';
import { freePort } from './free-port.ts';
import { makeOwnedFolder } from './guarded-process.ts';
import type { JvmTuning } from './kafka-java.ts';
import { type KafkaListener, scramArguments } from './kafka-listeners.ts';
import { KafkaNode } from './kafka-node.ts';
import type { NodeAddress } from './kafka-settings.ts';
import { newKafkaId } from './kafka-storage.ts';

const portAttemptsMax = 3;

export interface StartKafkaOptions {
  /** Default 1. */
  readonly brokers?: 1 | 3;
  /** Default: the current one of `kafkaVersions`. */
  readonly version?: KafkaVersion;
  /** More settings of `server.properties`: `{ 'auto.create.topics.enable': 'false' }`. */
  readonly config?: Readonly<Record<string, string>>;
  /** Besides the plain one, by a name in small letters: `{ tls: { tls: certificate } }`. */
  readonly listeners?: Readonly<Record<string, KafkaListener>>;
  /** Passwords by user, for PLAIN and SCRAM. */
  readonly users?: Readonly<Record<string, string>>;
  /** Of the first broker's plain listener. Default: a free one. */
  readonly port?: number;
  /** Default: temporary folders, which `stop` removes. A folder that is given is kept. */
  readonly dir?: string;
  /** As in `spawnGuarded`. */
  readonly detached?: boolean;
  /** Receives all that the brokers print, besides what is kept here. */
  readonly logFile?: string;
  /** Of each broker. Default 320. */
  readonly heapMb?: number;
  /** Default `quick`; a benchmark takes `server`. */
  readonly tuning?: JvmTuning;
  /** For `makeKafkaArchives`. */
  readonly archiveTo?: string;
}

/**
 * @example
 * await using kafka = await startKafka();
 * const client = new Kafka({ brokers: [...kafka.brokers] });
 */
export async function startKafka(options: StartKafkaOptions = {}): Promise<KafkaHandle> {
  for (let attempt = 1; ; attempt += 1) {
    const kafka = await KafkaHandle.create(options);
    try {
      await kafka.start();
      return kafka;
    } catch (error) {
      await kafka.stop();
      const isTaken = error instanceof SluiceError && error.code === 'java.port_taken';
      if (!isTaken || options.port !== undefined || attempt === portAttemptsMax) throw error;
    }
  }
}

export class KafkaHandle {
  readonly version: KafkaVersion;
  readonly nodes: readonly KafkaNode[];
  readonly #addresses: readonly NodeAddress[];

  private constructor(
    version: KafkaVersion,
    addresses: readonly NodeAddress[],
    nodes: readonly KafkaNode[],
  ) {
    this.version = version;
    this.nodes = nodes;
    this.#addresses = addresses;
  }

  /** @internal */
  static async create(options: StartKafkaOptions): Promise<KafkaHandle> {
    const { brokers = 1, listeners = {}, users = {}, config = {} } = options;
    const home = requireKafka(options.version);
    const addresses = await chooseAddresses(brokers, Object.keys(listeners), options.port);
    const clusterId = newKafkaId();
    const nodes = addresses.map(
      (node) =>
        new KafkaNode({
          home,
          clusterId,
          settings: {
            node,
            nodes: addresses,
            dir:
              options.dir === undefined
                ? makeOwnedFolder('kafka')
                : join(options.dir, `broker-${node.id}`),
            listeners,
            users,
            config,
          },
          scram: scramArguments(listeners, users),
          heapMb: options.heapMb ?? 320,
          tuning: options.tuning ?? 'quick',
          isKept: options.dir !== undefined,
          detached: options.detached ?? false,
          ...(options.logFile === undefined ? {} : { logFile: options.logFile }),
          ...(options.archiveTo === undefined ? {} : { archiveTo: options.archiveTo }),
        }),
    );
    return new KafkaHandle(home.version, addresses, nodes);
  }

  /** `host:port` of the plain listener of each broker, as kafkajs takes them. */
  get brokers(): readonly string[] {
    return this.nodes.map(({ address }) => address);
  }

  /** The same as one string, as Kafka's tools and `KAFKA_BROKERS` take it. */
  get bootstrap(): string {
    return this.brokers.join(',');
  }

  /** `host:port` of a listener that was asked for by this name, of each broker. */
  listener(name: string): readonly string[] {
    return this.#addresses.map(({ listenerPorts }) => {
      const port = listenerPorts[name];
      if (port === undefined) throw new Error(`startKafka was asked for no listener "${name}"`);
      return `127.0.0.1:${port}`;
    });
  }

  /** The broker with this `node.id`, counted from 1. */
  node(id: number): KafkaNode {
    const found = this.nodes.find((node) => node.id === id);
    if (found === undefined) throw new Error(`this Kafka has no broker ${id}`);
    return found;
  }

  /** What all brokers have printed. */
  output(): string {
    return this.nodes.map((node) => node.output()).join('\n');
  }

  /** Sends the signal to all brokers. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    await Promise.all(this.nodes.map(async (node) => await node.kill(signal)));
  }

  /** Starts all again with their data, on the same ports, after ending them if they still run. */
  async restart(): Promise<void> {
    await Promise.all(this.nodes.map(async (node) => await node.restart()));
  }

  /** @internal */
  async start(): Promise<void> {
    const starts = await Promise.allSettled(this.nodes.map(async (node) => await node.start()));
    const failed = starts.find((start) => start.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** Ends all and removes their folders, unless that was given. May be called twice. */
  async stop(): Promise<void> {
    await Promise.all(this.nodes.map(async (node) => await node.stop()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

async function chooseAddresses(
  count: number,
  listenerNames: readonly string[],
  firstPort: number | undefined,
): Promise<NodeAddress[]> {
  const taken = new Set<number>(firstPort === undefined ? [] : [firstPort]);
  const choose = async (): Promise<number> => {
    for (;;) {
      const port = await freePort();
      if (taken.has(port)) continue;
      taken.add(port);
      return port;
    }
  };
  const addresses: NodeAddress[] = [];
  for (let id = 1; id <= count; id += 1) {
    const listenerPorts: Record<string, number> = {};
    for (const name of listenerNames) listenerPorts[name] = await choose();
    addresses.push({
      id,
      port: id === 1 && firstPort !== undefined ? firstPort : await choose(),
      controllerPort: await choose(),
      listenerPorts,
    });
  }
  return addresses;
}
