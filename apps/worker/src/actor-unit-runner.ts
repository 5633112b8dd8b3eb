/**
 * Runs a worker's units as actors: translates between the protocol's words and the executors'. Keeps, for
 * each unit, how it should run now, so that an actor which was restarted with what it was first told is
 * told again.
 */
import type {
  ActorHost,
  ActorHostEvents,
  ActorSpec,
  ActorStatus,
  ExecutorLoss,
} from '@sluice/actor';
import { restartSettingsOf } from '@sluice/connector-api';
import type {
  LeaseDeadlines,
  PluginInfo,
  RunnableUnit,
  UnitId,
  UnitRunner,
  UnitRunnerEvents,
} from '@sluice/coordination';
import type { Logger } from '@sluice/kernel';
import type { ConnectorPayload, RuntimeEvent, RuntimeMessage, TaskPayload } from '@sluice/runtime';

import { aboutUnit } from './about-unit.ts';
import { isLinesTold, type LinesTold } from './lines/executor-lines.ts';
import { isSpansTold, type SpansTold } from './traces/spans-told.ts';
import type { UnitObserver } from './unit-observer.ts';
import { UnitSecrets } from './unit-secrets.ts';

/** Who wants to know besides. Must not throw. */
export interface RunnerListeners {
  readonly onLines?: (told: LinesTold) => void;
  readonly onSpans?: (executor: string, told: SpansTold) => void;
  readonly onExecutorLost?: (loss: ExecutorLoss) => void;
}

export class ActorUnitRunner implements UnitRunner, ActorHostEvents {
  readonly #units = new Map<UnitId, RunnableUnit>();
  /** Why tasks wait for the record log. */
  readonly #waiting = new Map<UnitId, string>();
  /** Of the plugins that run; of a life that has failed, too. */
  readonly #versions = new Map<UnitId, string>();
  readonly #observer: UnitObserver;
  readonly #logger: Logger;
  readonly #secrets: UnitSecrets;
  readonly #extra: RunnerListeners;
  #host: ActorHost | undefined;
  #events: UnitRunnerEvents | undefined;

  /** `workerConfig`: what connectors inherit. */
  constructor(
    observer: UnitObserver,
    logger: Logger,
    workerConfig: Readonly<Record<string, string>> = {},
    extra: RunnerListeners = {},
  ) {
    this.#extra = extra;
    this.#observer = observer;
    this.#logger = logger;
    this.#secrets = new UnitSecrets(workerConfig);
  }

  /** Both sides exist only after this object does. */
  connect(host: ActorHost, events: UnitRunnerEvents): void {
    this.#host = host;
    this.#events = events;
  }

  /** What each plugin says that it keeps secret. */
  knowPlugins(plugins: readonly PluginInfo[]): void {
    this.#secrets.knowPlugins(plugins);
  }

  run(unit: RunnableUnit): void {
    this.#units.set(unit.unit, unit);
    this.#secrets.know(unit.config);
    this.#actors.spawn(specOf(unit));
  }

  update(unit: RunnableUnit): void {
    const before = this.#units.get(unit.unit);
    this.#units.set(unit.unit, unit);
    this.#secrets.know(unit.config);
    if (before && before.definitionVersion !== unit.definitionVersion) {
      this.#actors.restart(unit.unit, unit.fence, toldOf(unit));
      return;
    }
    this.#tellTarget(unit);
  }

  restart(id: UnitId, fence: number): void {
    const unit = this.#units.get(id);
    if (unit) this.#actors.restart(id, fence, toldOf(unit));
  }

  async stop(id: UnitId, fence: number): Promise<void> {
    await this.#actors.stopActor(id, fence);
    this.#units.delete(id);
    this.#waiting.delete(id);
    this.#versions.delete(id);
    this.#observer.forget(id);
  }

  /** Tasks that wait for the record log, and what the first of them was told. */
  get waitingForLog(): { readonly tasks: number; readonly reason: string } | undefined {
    const [reason] = this.#waiting.values();
    return reason === undefined ? undefined : { tasks: this.#waiting.size, reason };
  }

  setLease(deadlines: LeaseDeadlines): void {
    this.#actors.setLease(deadlines);
  }

  isQuiet(): boolean {
    return this.#actors.isQuiet();
  }

  async abandonAll(): Promise<void> {
    await this.#actors.abandonAll();
    for (const unit of this.#units.keys()) this.#observer.forget(unit);
    this.#units.clear();
    this.#waiting.clear();
    this.#versions.clear();
  }

  /** New fences for actors whose executor was abandoned. */
  async refence(
    actors: readonly { readonly address: string; readonly fence: number }[],
  ): Promise<ReadonlyMap<string, number>> {
    const fences = await this.#cluster.refence(
      actors.map(({ address, fence }) => ({ unit: address, fence })),
    );
    for (const [id, fence] of fences) {
      const unit = this.#units.get(id);
      if (unit) this.#units.set(id, { ...unit, fence });
    }
    return fences;
  }

  status(status: ActorStatus): void {
    const { address, fence, ...report } = status;
    const unit = this.#units.get(address);
    // Another life of the actor: what the one before waited for may be over.
    if (status.state === 'FAILED' || status.state === 'RESTARTING') this.#waiting.delete(address);
    const version = this.#versions.get(address);
    const versioned = version === undefined ? report : { ...report, version };
    this.#cluster.reported(address, fence, this.#withoutSecretsIn(versioned, unit));
    if (unit) this.#observer.status(unit, status);
    // A restarted actor begins with the payload of its spawn, which may be out of date.
    const isRunning = status.state === 'RUNNING' || status.state === 'PAUSED';
    const wanted = unit?.targetState === 'PAUSED' ? 'PAUSED' : 'RUNNING';
    if (unit && isRunning && status.state !== wanted) this.#tellTarget(unit);
    if (status.state === 'FAILED') {
      const trace = this.#withoutValues(status.trace ?? '', unit);
      const about = { ...aboutUnit(address, fence), executor: status.executor };
      this.#logger.error({ ...about, trace }, 'failed');
    }
  }

  event(address: string, fence: number, event: unknown): void {
    const unit = this.#units.get(address);
    const runtimeEvent = event as RuntimeEvent;
    switch (runtimeEvent.type) {
      case 'task-configs':
        if (unit) {
          const { definitionVersion, configs } = runtimeEvent;
          this.#cluster.taskConfigs(unit.connector, fence, definitionVersion, configs);
        }
        return;
      case 'plugin':
        this.#versions.set(address, runtimeEvent.version);
        if (unit) this.#observer.plugin?.(unit, runtimeEvent);
        return;
      case 'parts':
        if (unit) this.#observer.parts?.(unit, runtimeEvent.parts);
        return;
      case 'metrics':
        if (unit) this.#observer.record(unit, runtimeEvent.counters);
        return;
      case 'topics':
        if (unit) this.#cluster.topicsUsed(address, fence, runtimeEvent.topics);
        return;
      case 'stalled': {
        const reason = this.#withoutValues(runtimeEvent.reason, unit);
        if (unit && runtimeEvent.code.startsWith('log.')) this.#waiting.set(address, reason);
        this.#logger.warn({ ...aboutUnit(address, fence), code: runtimeEvent.code }, reason);
        return;
      }
      case 'recovered':
        this.#waiting.delete(address);
        this.#logger.info(
          { ...aboutUnit(address, fence), stalledForMs: runtimeEvent.stalledForMs },
          'recovered',
        );
        return;
    }
  }

  executorLost(loss: ExecutorLoss): void {
    const { executor, what, reason, actors, culprit } = loss;
    this.#extra.onExecutorLost?.(loss);
    const unit = culprit === undefined ? undefined : this.#units.get(culprit);
    const why = this.#withoutValues(reason, unit);
    this.#logger.warn({ executor, what, actors, culprit }, `executor lost: ${why}`);
  }

  /** Of an executor. */
  told(executor: string, message: unknown): void {
    if (isLinesTold(message)) this.#extra.onLines?.(message);
    else if (isSpansTold(message)) this.#extra.onSpans?.(executor, message);
  }

  /** For logs that people see who may not see the configuration. */
  hideValues(id: UnitId | undefined, text: string): string {
    return this.#withoutValues(text, id === undefined ? undefined : this.#units.get(id));
  }

  /** For logs. Nobody's error may be anybody's. */
  #withoutValues(text: string, unit: RunnableUnit | undefined): string {
    const units = unit ? [unit] : [...this.#units.values()];
    return this.#secrets.withoutValues(text, ...units.map(({ config }) => config));
  }

  #withoutSecretsIn<Report extends { readonly trace?: string }>(
    report: Report,
    unit: RunnableUnit | undefined,
  ): Report {
    if (report.trace === undefined || !unit) return report;
    return { ...report, trace: this.#secrets.withoutSecrets(report.trace, unit.config) };
  }

  #tellTarget({ unit, fence, targetState }: RunnableUnit): void {
    const message: RuntimeMessage = { type: 'target', state: targetState };
    this.#actors.tell(unit, fence, message);
  }

  get #actors(): ActorHost {
    if (!this.#host) throw new Error('the runner is used before it was connected');
    return this.#host;
  }

  get #cluster(): UnitRunnerEvents {
    if (!this.#events) throw new Error('the runner is used before it was connected');
    return this.#events;
  }
}

function specOf(unit: RunnableUnit): ActorSpec {
  return {
    address: unit.unit,
    fence: unit.fence,
    kind: unit.kind === 'connector' ? 'connector' : `${unit.connectorType}-task`,
    ...toldOf(unit),
    group: unit.connector,
    ...(unit.config['sluice.executor'] === 'dedicated' ? { isolation: 'dedicated' as const } : {}),
  };
}

/** What a change of its definition changes. */
function toldOf(unit: RunnableUnit): Pick<ActorSpec, 'payload' | 'restart'> {
  return { payload: payloadOf(unit), restart: restartSettingsOf(unit.config) };
}

function payloadOf(unit: RunnableUnit): ConnectorPayload | TaskPayload {
  const { connector, config, targetState, definitionVersion, taskCount, task } = unit;
  const common = { connector, config, targetState, definitionVersion };
  return task === undefined ? common : { ...common, task, taskCount };
}
