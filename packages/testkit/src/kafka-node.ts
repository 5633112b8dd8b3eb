/** One node of a cluster that `startKafka` started: broker and controller in one process. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KafkaHome } from './find-kafka.ts';
import { JavaProcess } from './java-process.ts';
import { type JvmTuning, writeLogSettings } from './kafka-java.ts';
import { type NodeSettings, nodeSettings, propertiesText } from './kafka-settings.ts';
import { formatStorage, isFormatted } from './kafka-storage.ts';

const readyTimeoutMs = 90_000;
const endLimitMs = 15_000;
/** Writing an archive takes 3 s, and more where others work too. */
const archiveLimitMs = 90_000;

export interface KafkaNodeOptions {
  readonly home: KafkaHome;
  readonly clusterId: string;
  readonly settings: Omit<NodeSettings, 'dataDir'>;
  readonly scram: readonly string[];
  readonly heapMb: number;
  readonly tuning: JvmTuning;
  readonly isKept: boolean;
  readonly detached: boolean;
  readonly archiveTo?: string;
  readonly logFile?: string;
}

export class KafkaNode {
  readonly id: number;
  readonly port: number;
  readonly dir: string;
  readonly #options: KafkaNodeOptions;
  readonly #java: JavaProcess;

  constructor(options: KafkaNodeOptions) {
    const { node, dir } = options.settings;
    this.id = node.id;
    this.port = node.port;
    this.dir = dir;
    this.#options = options;
    this.#java = new JavaProcess({
      name: `Kafka broker ${node.id} on port ${node.port}`,
      dir,
      call: () => ({
        home: options.home,
        program: 'broker',
        mainClass: 'kafka.Kafka',
        args: [this.#settingsFile],
        heapMb: options.heapMb,
        tuning: options.tuning,
        logSettings: writeLogSettings(dir),
        ...(options.archiveTo === undefined ? {} : { archiveTo: options.archiveTo }),
      }),
      // Said once the controllers have taken it in and its listeners are open.
      isReady: (output) => /\bKafka Server started\b/.test(output),
      readyTimeoutMs,
      detached: options.detached,
      ...(options.logFile === undefined ? {} : { logFile: options.logFile }),
    });
  }

  /** `host:port` of its plain listener. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Of the process that runs now, or ran last. */
  get pid(): number {
    return this.#java.pid;
  }

  get hasEnded(): boolean {
    return this.#java.hasEnded;
  }

  /** What it has printed since it was started, the last 256 KiB. */
  output(): string {
    return this.#java.output();
  }

  /** Sends the signal; waits for the end after SIGKILL and SIGTERM, not after SIGSTOP or SIGCONT. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    await this.#java.kill(signal);
  }

  /** Starts it again with its data, on the same ports, after ending it in order if it still runs. */
  async restart(): Promise<void> {
    await this.#java.end(endLimitMs);
    await this.start();
  }

  /** @internal */
  async start(): Promise<void> {
    const { home, clusterId, settings, scram } = this.#options;
    const dataDir = join(this.dir, 'data');
    mkdirSync(this.dir, { recursive: true });
    writeFileSync(this.#settingsFile, propertiesText(nodeSettings({ ...settings, dataDir })), {
      mode: 0o600,
    });
    if (!isFormatted(dataDir)) {
      const settingsFile = this.#settingsFile;
      await formatStorage({ home, clusterId, nodeId: this.id, dataDir, settingsFile, scram });
    }
    await this.#java.start();
  }

  /** Ends it: in order if its data is kept, else by force, and then removes it. May be called twice. */
  async stop(): Promise<void> {
    if (this.#options.isKept) {
      await this.#java.end(this.#options.archiveTo === undefined ? endLimitMs : archiveLimitMs);
      return;
    }
    await this.#java.kill('SIGKILL');
    rmSync(this.dir, { recursive: true, force: true });
  }

  get #settingsFile(): string {
    return join(this.dir, 'server.properties');
  }
}
