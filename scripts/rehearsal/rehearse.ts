/**
 * What a cluster has to do wherever it is deployed: start, be well, ask for a password, run a pipeline, hand over
 * what a worker has when it is told to end, go on without its coordinator, end with code 0. Lines are written all
 * the time from the first; in the end each has arrived.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newShortId, SluiceError, systemClock } from '@sluice/kernel';
import { freePort, type NodeProcess, waitFor } from '@sluice/testkit';
import { NumberedFile, numbersIn } from '../../tests/support/numbered-file.ts';
import type { Checklist } from '../checklist.ts';
import type { AppKind, Deployment } from './deployment.ts';
import { type Pipeline, writePipeline } from './pipeline.ts';

const readyTimeoutMs = 60_000;
const lineTimeoutMs = 30_000;
/** A worker has 30 s to drain by default, and 10 s to end. */
const stopTimeoutMs = 45_000;
const password = 'rehearsal:not-a-secret';

export interface RehearsalOptions {
  readonly redisUrl: string;
  /** Records travel through this Kafka; through Redis without it. */
  readonly kafkaBrokers?: string;
}

interface App {
  readonly kind: AppKind;
  readonly name: string;
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
  readonly process: NodeProcess;
}

export async function rehearse(
  deployment: Deployment,
  checklist: Checklist,
  options: RehearsalOptions,
): Promise<void> {
  const log = options.kafkaBrokers === undefined ? 'Redis' : 'Kafka';
  const rehearsal = new Rehearsal(deployment, options);
  try {
    await checklist.step(`start (${log})`, async () => await rehearsal.start());
    await checklist.step('health', async () => await rehearsal.beWell());
    await checklist.step('password', async () => await rehearsal.askForPassword());
    await checklist.step('pipeline', async () => await rehearsal.runPipeline());
    await checklist.step('preview', async () => await rehearsal.preview());
    await checklist.step('SIGTERM to a worker', async () => await rehearsal.endWorker());
    await checklist.step(
      'SIGTERM to the coordinator',
      async () => await rehearsal.endCoordinator(),
    );
    await checklist.step('SIGTERM to the last worker', async () => await rehearsal.endLastWorker());
  } catch (error) {
    process.stderr.write(`${rehearsal.logs()}\n`);
    throw error;
  } finally {
    await rehearsal.stop();
  }
}

class Rehearsal {
  readonly #deployment: Deployment;
  readonly #id = newShortId()
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, 'x');
  readonly #env: Readonly<Record<string, string>>;
  readonly #apps: App[] = [];
  readonly #pipeline: Pipeline;
  #lines: NumberedFile | undefined;

  constructor(deployment: Deployment, { redisUrl, kafkaBrokers }: RehearsalOptions) {
    this.#deployment = deployment;
    this.#pipeline = writePipeline(deployment, this.#id);
    this.#env = {
      REDIS_URL: redisUrl,
      SLUICE_CLUSTER: `rehearsal-${this.#id}`,
      ...(kafkaBrokers === undefined ? {} : { KAFKA_BROKERS: kafkaBrokers }),
    };
  }

  async start() {
    const startedAtMs = systemClock.monotonicMs();
    const readyMs = await Promise.all(
      (['coordinator', 'worker-1', 'worker-2'] as const).map(async (name) => {
        const app = await this.#spawn(name === 'coordinator' ? 'coordinator' : 'worker', name);
        await app.process.waitForLog(`${app.kind} ready`, { timeoutMs: readyTimeoutMs });
        return Math.round(systemClock.monotonicMs() - startedAtMs);
      }),
    );
    return {
      says: `a coordinator and two workers were ready after ${readyMs.join(', ')} ms`,
      figures: { readyMsMax: Math.max(...readyMs) },
      value: undefined,
    };
  }

  async beWell() {
    for (const { kind, name, env, url, process: app } of this.#apps) {
      await succeed(this.#deployment.checkHealth(kind, app.name, env));
      const { status } = await fetch(`${url}/health/ready`);
      if (status !== 200) throw problem(`${name} answers ${status} to /health/ready`);
    }
    return { says: 'all of them are alive and ready', value: undefined };
  }

  async askForPassword() {
    const { url } = this.#app('coordinator');
    const authorization = `Basic ${Buffer.from(password).toString('base64')}`;
    const statuses = await Promise.all(
      [{}, { authorization }].map(
        async (headers) => (await fetch(`${url}/connectors`, { headers })).status,
      ),
    );
    if (statuses.join() !== '401,200') {
      throw problem(`/connectors answered ${statuses.join(', ')}, not 401 without and 200 with it`);
    }
    return { says: 'the API answers with it, and not without', value: undefined };
  }

  async runPipeline() {
    await this.#sluice('apply', '-f', this.#pipeline.definitions, '--wait');
    const startedAtMs = systemClock.monotonicMs();
    this.#lines = new NumberedFile(this.#pipeline.input);
    await this.#untilArrived(1);
    const firstMs = Math.round(systemClock.monotonicMs() - startedAtMs);
    await this.#untilArrived(100);
    return {
      says: `applied by the command line; the first line went through in ${firstMs} ms`,
      figures: { firstLineMs: firstMs },
      value: undefined,
    };
  }

  /** Its process runs from what is installed, too. */
  async preview() {
    const topic = `preview-${this.#id}`;
    const config = { 'connector.class': 'DatagenSource', topic, rate: '-1' };
    const definition = JSON.stringify({ name: topic, config });
    const { data } = this.#deployment;
    const file = `${topic}.json`;
    writeFileSync(join(data.here, file), definition);
    const args = ['-f', join(data.there, file), '--records', '3', '--json'];
    const printed = (await this.#sluice('preview', ...args)).trim().split('\n');
    const authorization = `Basic ${Buffer.from(password).toString('base64')}`;
    const url = `${this.#app('coordinator').url}/sluice/preview?records=3`;
    const response = await fetch(url, {
      method: 'POST',
      body: definition,
      headers: { authorization, 'content-type': 'application/json' },
    });
    const text = await response.text();
    const { records } = JSON.parse(text) as { records?: readonly unknown[] };
    if (printed.length !== 3 || records?.length !== 3) {
      throw problem(`${printed.length} records were printed; the API answered ${text}`);
    }
    return { says: 'three records by the command line, and three by the API', value: undefined };
  }

  /** Of the two the one that reads the lines. */
  async endWorker() {
    const tasks = await this.#tasks();
    const owner = tasks.find(({ connector }) => connector === this.#pipeline.source)?.worker;
    const worker = this.#app(owner ?? '');
    const units = tasks.filter((task) => task.worker === owner).length;
    const { endedMs, silenceMs } = await this.#end(worker);
    const others = (await this.#tasks()).filter((task) => task.worker === worker.name);
    if (others.length > 0)
      throw problem(`${worker.name} has ended, and has ${others.length} tasks`);
    const events = JSON.parse(await this.#sluice('get', 'events', '--json')) as { type: string }[];
    if (events.some(({ type }) => type === 'worker.dead')) {
      throw problem(`${worker.name} was declared dead: it did not say that it leaves`);
    }
    return {
      says:
        `handed over ${units} of ${tasks.length} tasks and ended with code 0 after ${endedMs} ms; ` +
        `no line for ${silenceMs} ms`,
      figures: { workerDrainMs: endedMs, silenceMs },
      value: undefined,
    };
  }

  async endCoordinator() {
    const { endedMs } = await this.#end(this.#app('coordinator'));
    return {
      says: `ended with code 0 after ${endedMs} ms; lines went on without it`,
      figures: { coordinatorStopMs: endedMs },
      value: undefined,
    };
  }

  async endLastWorker() {
    const [worker] = this.#apps.filter(
      ({ kind, process: app }) => kind === 'worker' && !app.hasExited,
    );
    if (worker === undefined) throw problem('no worker runs');
    await this.#lines?.stop();
    const written = this.#lines?.count ?? 0;
    await this.#untilArrived(written);
    const endedMs = await ended(worker);
    const arrived = numbersIn(this.#pipeline.output);
    const distinct = new Set(arrived);
    const missing = Array.from({ length: written }, (_, n) => n).filter((n) => !distinct.has(n));
    if (missing.length > 0) {
      throw problem(
        `${missing.length} of ${written} lines are missing: ${missing.slice(0, 10).join(', ')} …`,
      );
    }
    const twice = arrived.length - distinct.size;
    return {
      says: `ended with code 0 after ${endedMs} ms; all ${written} lines are there, ${twice} twice`,
      figures: { lastWorkerStopMs: endedMs, lines: written, linesTwice: twice },
      value: undefined,
    };
  }

  logs(): string {
    return this.#apps.map(({ process: app }) => app.describe()).join('\n\n');
  }

  async stop(): Promise<void> {
    await this.#lines?.stop();
    await Promise.all(this.#apps.map(async ({ process: app }) => await app.stop()));
  }

  async #spawn(kind: AppKind, name: string): Promise<App> {
    const port = await freePort();
    const env = {
      ...this.#env,
      ...(kind === 'coordinator'
        ? { SLUICE_COORDINATOR_NAME: name, SLUICE_PORT: String(port), SLUICE_AUTH: password }
        : { SLUICE_WORKER_NAME: name, SLUICE_WORKER_PORT: String(port) }),
    };
    const child = this.#deployment.start(kind, `${name}-${this.#id}`, env);
    const app = { kind, name, env, url: `http://127.0.0.1:${port}`, process: child };
    this.#apps.push(app);
    return app;
  }

  #app(name: string): App {
    const app = this.#apps.find((each) => each.name === name);
    if (app === undefined) throw problem(`the task that reads the lines runs on "${name}"`);
    return app;
  }

  async #sluice(...args: string[]): Promise<string> {
    return await succeed(this.#deployment.sluice(args, this.#env));
  }

  async #tasks(): Promise<readonly { connector: string; worker: string }[]> {
    return JSON.parse(await this.#sluice('get', 'tasks', '--json')) as [];
  }

  async #untilArrived(count: number): Promise<void> {
    await waitFor(() => numbersIn(this.#pipeline.output).length, {
      what: `${count} lines to be in ${this.#pipeline.output}`,
      until: (arrived) => arrived >= count,
      timeoutMs: lineTimeoutMs,
      intervalMs: 2,
    });
  }

  /** Ends an app, and waits until lines that were written after its end have arrived. */
  async #end(app: App): Promise<{ endedMs: number; silenceMs: number }> {
    const watching = new AbortController();
    const watched = this.#longestSilence(watching.signal);
    const endedMs = await ended(app);
    const written = this.#lines?.count ?? 0;
    await waitFor(() => new Set(numbersIn(this.#pipeline.output)), {
      what: `the lines that were written after the end of ${app.name} to arrive`,
      until: (arrived) => arrived.has(written + 50),
      timeoutMs: lineTimeoutMs,
    });
    watching.abort();
    return { endedMs, silenceMs: await watched };
  }

  /** Between two arrivals in the output. */
  async #longestSilence(signal: AbortSignal): Promise<number> {
    let longestMs = 0;
    let lastMs = systemClock.monotonicMs();
    let seen = numbersIn(this.#pipeline.output).length;
    while (!signal.aborted) {
      await systemClock.sleep(10);
      const count = numbersIn(this.#pipeline.output).length;
      if (count === seen) continue;
      const nowMs = systemClock.monotonicMs();
      longestMs = Math.max(longestMs, nowMs - lastMs);
      [seen, lastMs] = [count, nowMs];
    }
    return Math.round(longestMs);
  }
}

/** @returns after how many milliseconds it ended. */
async function ended({ name, process: app }: App): Promise<number> {
  const startedAtMs = systemClock.monotonicMs();
  const { code, signal } = await app.stop(stopTimeoutMs);
  if (code !== 0) throw problem(`${name} ended with code ${code}, signal ${signal}`);
  return Math.round(systemClock.monotonicMs() - startedAtMs);
}

/** @returns what it printed. */
async function succeed(command: NodeProcess): Promise<string> {
  const { code } = await command.exited;
  if (code !== 0) throw problem(command.describe());
  return command.stdout;
}

function problem(text: string): SluiceError {
  return new SluiceError('rehearsal.failed', text);
}
