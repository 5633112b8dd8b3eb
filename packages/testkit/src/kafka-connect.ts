/**
 * The real Kafka Connect: a distributed worker with the FileStream connectors, to compare Sluice with and to
 * measure it against. Several workers of one group are several calls with the same `group`.
 *
 * States: running → (kill) gone → (restart) running → … → (stop or dispose) removed. What it must remember is
 * in its topics, so a worker that is started again, or another one of its group, goes on.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newShortId, SluiceError } from '@sluice/kernel';
import { ApiClient } from './api-client.ts';
import { requireKafka } from './find-kafka.ts';
import { freePort } from './free-port.ts';
import { makeOwnedFolder } from './guarded-process.ts';
import { JavaProcess } from './java-process.ts';
import type { KafkaHandle } from './kafka.ts';
import { type JvmTuning, writeLogSettings } from './kafka-java.ts';
import { propertiesText } from './kafka-settings.ts';

const readyTimeoutMs = 120_000;
const endLimitMs = 20_000;
/** Writing an archive takes 3 s, and more where others work too. */
const archiveLimitMs = 90_000;
const portAttemptsMax = 3;

export interface StartKafkaConnectOptions {
  /** Whose records it moves and in which it keeps its own. */
  readonly kafka: Pick<KafkaHandle, 'bootstrap'>;
  /** `group.id`, from which its topics are named unless they are. Default: a new one. */
  readonly group?: string;
  /** `offset.storage.topic`. Default `<group>-offsets`. */
  readonly offsetsTopic?: string;
  /** `config.storage.topic`. Default `<group>-configs`. */
  readonly configsTopic?: string;
  /** `status.storage.topic`. Default `<group>-status`. */
  readonly statusTopic?: string;
  /** More settings of the worker: `{ 'offset.flush.interval.ms': '1000' }`. */
  readonly config?: Readonly<Record<string, string>>;
  /** Of the REST API. Default: a free one. */
  readonly port?: number;
  /** Default 384. */
  readonly heapMb?: number;
  /** Default `quick`; a benchmark takes `server`. */
  readonly tuning?: JvmTuning;
  /** For `makeKafkaArchives`. */
  readonly archiveTo?: string;
}

/**
 * @example
 * await using connect = await startKafkaConnect({ kafka });
 * await connect.api.put('/connectors/orders/config', { 'connector.class': 'FileStreamSource', … });
 */
export async function startKafkaConnect(options: StartKafkaConnectOptions): Promise<KafkaConnect> {
  for (let attempt = 1; ; attempt += 1) {
    const connect = new KafkaConnect(options.port ?? (await freePort()), options);
    try {
      await connect.restart();
      return connect;
    } catch (error) {
      await connect.stop();
      const isTaken = error instanceof SluiceError && error.code === 'java.port_taken';
      if (!isTaken || options.port !== undefined || attempt === portAttemptsMax) throw error;
    }
  }
}

export class KafkaConnect {
  readonly group: string;
  readonly port: number;
  readonly url: string;
  readonly offsetsTopic: string;
  readonly configsTopic: string;
  readonly statusTopic: string;
  /** The REST API: the same client as a Sluice cluster has. */
  readonly api: ApiClient;
  readonly #dir: string;
  readonly #java: JavaProcess;
  readonly #endLimitMs: number;

  constructor(port: number, options: StartKafkaConnectOptions) {
    this.group = options.group ?? `connect-${newShortId()}`;
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.offsetsTopic = options.offsetsTopic ?? `${this.group}-offsets`;
    this.configsTopic = options.configsTopic ?? `${this.group}-configs`;
    this.statusTopic = options.statusTopic ?? `${this.group}-status`;
    this.api = new ApiClient(() => this.url);
    this.#endLimitMs = options.archiveTo === undefined ? endLimitMs : archiveLimitMs;
    this.#dir = makeOwnedFolder('connect');
    const settingsFile = join(this.#dir, 'connect.properties');
    writeFileSync(
      settingsFile,
      propertiesText({ ...this.#settings(options.kafka.bootstrap), ...options.config }),
      { mode: 0o600 },
    );
    this.#java = new JavaProcess({
      name: `Kafka Connect on port ${port}`,
      dir: this.#dir,
      call: () => ({
        home: requireKafka(),
        program: 'connect',
        mainClass: 'org.apache.kafka.connect.cli.ConnectDistributed',
        args: [settingsFile],
        heapMb: options.heapMb ?? 384,
        tuning: options.tuning ?? 'quick',
        logSettings: writeLogSettings(this.#dir),
        ...(options.archiveTo === undefined ? {} : { archiveTo: options.archiveTo }),
      }),
      isReady: async (output) =>
        output.includes('Kafka Connect started') && (await this.#isHealthy()),
      readyTimeoutMs,
    });
  }

  /** Of the process that runs now, or ran last. */
  get pid(): number {
    return this.#java.pid;
  }

  /** What it has printed since it was started, the last 256 KiB. */
  output(): string {
    return this.#java.output();
  }

  /** Sends the signal; waits for the end after SIGKILL and SIGTERM, not after SIGSTOP or SIGCONT. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    await this.#java.kill(signal);
  }

  /** Starts it again on the same port, after ending it in order if it still runs. */
  async restart(): Promise<void> {
    await this.#java.end(this.#endLimitMs);
    await this.#java.start();
  }

  /** Ends it in order, so that its offsets are written, and removes its folder. May be called twice. */
  async stop(): Promise<void> {
    await this.#java.end(this.#endLimitMs);
    rmSync(this.#dir, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** 200 only once it has read its topics and is a member of its group. */
  async #isHealthy(): Promise<boolean> {
    const { status } = await this.api.get('/health');
    return status === 200;
  }

  #settings(bootstrap: string): Record<string, string> {
    const json = 'org.apache.kafka.connect.json.JsonConverter';
    return {
      'bootstrap.servers': bootstrap,
      'group.id': this.group,
      listeners: this.url,
      'key.converter': json,
      'value.converter': json,
      'offset.storage.topic': this.offsetsTopic,
      'offset.storage.replication.factor': '-1',
      'offset.storage.partitions': '4',
      'config.storage.topic': this.configsTopic,
      'config.storage.replication.factor': '-1',
      'status.storage.topic': this.statusTopic,
      'status.storage.replication.factor': '-1',
      'status.storage.partitions': '2',
      // All connectors are on the class path; looking for them class by class takes seconds.
      'plugin.discovery': 'service_load',
    };
  }
}
