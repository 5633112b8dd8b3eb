/** A worker at full throughput: a source that never waits, the log on Redis, and a sink that throws away what it is given. */
import { systemClock } from '@sluice/kernel';
import { type Cluster, startCluster, waitFor } from '@sluice/testkit';

export const contenders = ['with', 'without'] as const;
export type Contender = (typeof contenders)[number];

export interface Sample {
  /** Put into the sink. */
  readonly records: number;
  readonly seconds: number;
  /** Of the worker's process, with all its executors. */
  readonly cpuSeconds: number;
}

const connectors = ['flood', 'drain'] as const;
/** As often as Prometheus does by default at most, several of them. */
const scrapeEveryMs = 5_000;

type Environments = Readonly<Record<Contender, Readonly<Record<string, string>>>>;

/** What differs. */
export const telemetry: Environments = {
  with: {},
  without: { SLUICE_TELL_LOAD: 'false', SLUICE_LOG_LEVEL: 'error' },
};

/** With a collector at the URL that takes all of it: every batch is traced. */
export const traces = (url: string): Environments => ({
  with: { OTEL_EXPORTER_OTLP_ENDPOINT: url },
  without: {},
});

export class MeasuredPipeline implements AsyncDisposable {
  readonly contender: Contender;
  readonly #cluster: Cluster;

  private constructor(contender: Contender, cluster: Cluster) {
    this.contender = contender;
    this.#cluster = cluster;
  }

  static async start(
    contender: Contender,
    payloadBytes: number,
    environments: Environments,
  ): Promise<MeasuredPipeline> {
    // What it says while it starts is waited for, whatever is logged later.
    const { SLUICE_LOG_LEVEL: level, ...env } = environments[contender];
    const cluster = await startCluster({ workers: 1, profile: 'default', env });
    await cluster.apply('flood', {
      'connector.class': 'VerifiableSource',
      topic: 'flood',
      'payload.bytes': String(payloadBytes),
    });
    await cluster.apply('drain', {
      'connector.class': 'FileStreamSink',
      topics: 'flood',
      file: '/dev/null',
    });
    for (const name of connectors) await cluster.waitForRunning(name);
    if (level !== undefined) {
      await cluster.api.put('/admin/loggers/root?scope=cluster', { level: level.toUpperCase() });
    }
    const pipeline = new MeasuredPipeline(contender, cluster);
    await pipeline.#pause();
    return pipeline;
  }

  async measure(warmUpMs: number, measureMs: number): Promise<Sample> {
    for (const name of connectors) await this.#target(name, 'resume', 'RUNNING');
    await systemClock.sleep(warmUpMs);
    const scraping = this.contender === 'with' ? this.#scrape(measureMs) : undefined;
    const [beganMs, before] = [systemClock.monotonicMs(), await this.#look()];
    await systemClock.sleep(measureMs);
    const [endedMs, after] = [systemClock.monotonicMs(), await this.#look()];
    await scraping;
    await this.#pause();
    return {
      records: after.records - before.records,
      seconds: (endedMs - beganMs) / 1_000,
      cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster.stop();
  }

  async #scrape(forMs: number): Promise<void> {
    const endMs = systemClock.monotonicMs() + forMs;
    while (systemClock.monotonicMs() < endMs) {
      await this.#look();
      await systemClock.sleep(Math.min(scrapeEveryMs, forMs));
    }
  }

  async #look(): Promise<{ records: number; cpuSeconds: number }> {
    const text = await (await fetch(`${this.#cluster.worker('worker-1').url}/metrics`)).text();
    const numberOf = (pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? Number.NaN);
    return {
      records: numberOf(/^sluice_task_records_out_total\{connector="drain"[^}]*\} (\S+)$/m),
      cpuSeconds: numberOf(/^process_cpu_seconds_total (\S+)$/m),
    };
  }

  async #pause(): Promise<void> {
    for (const name of connectors) await this.#target(name, 'pause', 'PAUSED');
  }

  async #target(name: string, action: 'pause' | 'resume', state: string): Promise<void> {
    await this.#cluster.api.put(`/connectors/${name}/${action}`);
    await waitFor(async () => await this.#cluster.status(name), {
      what: `${name} to be ${state}`,
      until: ({ tasks }) => tasks.length > 0 && tasks.every((task) => task.state === state),
      timeoutMs: 60_000,
    });
  }
}
