/** Tasks that write a sequence each; whoever reads the topic sees when they do. */
import type { LogReader, RecordLog } from '@sluice/record-log';

import { Observer } from './observer.ts';
import { recordsPerSecond, type Traffic } from './traffic.ts';

const topic = 'sequences';

export class Sources implements Traffic {
  readonly connector = topic;
  readonly config: Readonly<Record<string, string>>;
  readonly observer = new Observer();
  readonly #log: RecordLog;
  readonly #partitions: number;
  readonly #stopping = new AbortController();
  #reader: LogReader | undefined;
  #running: Promise<void> | undefined;

  constructor(log: RecordLog, options: { readonly tasks: number; readonly partitions: number }) {
    this.#log = log;
    this.#partitions = options.partitions;
    this.config = {
      'connector.class': 'VerifiableSource',
      'tasks.max': String(options.tasks),
      topic,
      throughput: String(recordsPerSecond),
      'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'value.converter.schemas.enable': 'false',
    };
  }

  async start(): Promise<void> {
    await this.#log.start();
    await this.#log.topics.create(topic, { partitions: this.#partitions });
    this.#reader = await this.#log.openReader({
      identity: { id: 'bench-observer', fence: 1 },
      group: 'bench-observer',
      pollRecordsMax: 10_000,
    });
    await this.#reader.assign(
      Array.from({ length: this.#partitions }, (_, partition) => ({ topic, partition })),
    );
    this.#running = this.#read(this.#reader);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#reader?.close();
    await this.#log.stop();
  }

  async #read(reader: LogReader): Promise<void> {
    const decoder = new TextDecoder();
    while (!this.#stopping.signal.aborted) {
      for (const { records } of await reader.poll(1_000, this.#stopping.signal)) {
        for (const { value } of records) {
          if (!value) continue;
          const { task, seqno, time_ms } = JSON.parse(decoder.decode(value)) as {
            task: number;
            seqno: number;
            time_ms: number;
          };
          this.observer.note(task, seqno, time_ms);
        }
      }
    }
  }
}
