/** What an executor of a worker gives to `runExecutor`: actors of the kinds `connector`, `source-task`, `sink-task`. */
import type { Actor, ActorContext, ActorFactory, ActorSpec, Lease } from '@sluice/actor';
import { ConnectError, type ConnectorConfig } from '@sluice/connector-api';
import { withInheritedConverters } from '@sluice/converters';
import { type Logger, SluiceError, secretsOf, withoutValuesIn } from '@sluice/kernel';
import { ConnectorActor } from './connector-actor.ts';
import { identityOfTask } from './connector-offsets.ts';
import type { ConnectorFacts } from './definition-plugins.ts';
import { hidingSecrets } from './errors/hidden-secrets.ts';
import { FairTurns } from './fair-turns.ts';
import {
  type CompiledRuntimeOptions,
  compileRuntimeOptions,
  type RuntimeOptions,
} from './options.ts';
import type {
  ConnectorPayload,
  RuntimeEvent,
  TargetState,
  TaskCounters,
  TaskPayload,
} from './payloads.ts';
import { ActorSecrets } from './references/actor-secrets.ts';
import { keepSinkOffsets } from './sink-offsets-keeper.ts';
import { SinkTaskRun } from './sink-task-run.ts';
import { SourceTaskRun } from './source-task-run.ts';
import { type RunHooks, TaskActor } from './task-actor.ts';
import { MetricsTicker, newCounters } from './task-metrics.ts';
import type { TaskRun, TaskRunContext } from './task-run.ts';
import { TopicCatalog } from './topic-catalog.ts';
import { UsedTopics } from './used-topics.ts';

/**
 * @example
 *   await runExecutor(async ({ data }) => {
 *     const log = openLog(data.log);
 *     await log.start();
 *     const plugins = await loadPlugins(data.plugins);
 *     return createRuntimeFactory({ log, plugins, cluster: data.cluster });
 *   });
 */
export function createRuntimeFactory(options: RuntimeOptions): ActorFactory {
  const runtime = new Runtime(compileRuntimeOptions(options));
  return (spec, context) => runtime.createActor(spec, context);
}

interface Told {
  readonly fence: number;
  /** The payload of the specification, as text. */
  readonly overridden: string;
  readonly payload: unknown;
}

interface ActorParts {
  readonly secrets: ActorSecrets;
  readonly logger: Logger;
}

/** What the actors of one executor share. */
class Runtime {
  readonly #options: CompiledRuntimeOptions;
  readonly #turns: FairTurns;
  readonly #ticker: MetricsTicker;
  readonly #catalog: TopicCatalog;
  /**
   * What an actor was told since it was spawned, so that its next life, after a failure, does not begin
   * with a target or a definition of the past. Valid as long as the actor is spawned with the payload that
   * it overrides; forgotten when the actor is stopped.
   */
  readonly #told = new Map<string, Told>();

  constructor(options: CompiledRuntimeOptions) {
    this.#options = options;
    this.#turns = new FairTurns(options.threadMs);
    this.#ticker = new MetricsTicker(options.clock);
    this.#catalog = new TopicCatalog(options.log, options.clock);
  }

  createActor(spec: ActorSpec, context: ActorContext): Actor {
    // Whatever a driver still holds in its buffers must not leave after the lease.
    context.lease.onExpired(() => this.#options.log.disconnect());
    const { config } = spec.payload as ConnectorPayload | TaskPayload;
    const values = { ...secretsOf(this.#options.workerConfig), ...config };
    const secrets = new ActorSecrets(this.#options.resolveConfig);
    const bindings = { actor: spec.address, fence: spec.fence };
    const ownLogger = secrets.hidingLogger(this.#options.logger.child(bindings));
    const parts = { secrets, logger: withoutValuesIn(ownLogger, values) };
    switch (spec.kind) {
      case 'connector':
        return this.#createConnector(spec, context, parts);
      case 'source-task':
      case 'sink-task':
        return this.#createTask(spec, context, parts);
      default:
        throw new SluiceError('runtime.unknown_kind', `no actor is of kind '${spec.kind}'`);
    }
  }

  #createConnector(spec: ActorSpec, context: ActorContext, parts: ActorParts): Actor {
    return new ConnectorActor({
      context,
      payload: this.#payloadOf(spec) as ConnectorPayload,
      loadPlugins: (config) => this.#options.plugins.load(config),
      exactlyOnce: this.#options.exactlyOnce,
      ...parts,
      onPayload: (payload) => this.#remember(spec, payload),
      onEnd: (reason) => this.#forget(spec, reason),
    });
  }

  #createTask(spec: ActorSpec, context: ActorContext, { logger, secrets }: ActorParts): Actor {
    const payload = this.#payloadOf(spec) as TaskPayload;
    const counters = newCounters(spec.kind === 'source-task' ? 'source' : 'sink');
    const usedTopics = new UsedTopics();
    const tell = (told: TaskCounters): void => {
      const event: RuntimeEvent = { type: 'metrics', counters: told };
      context.emit(event);
    };
    const endMetrics = this.#ticker.add(counters, tell, () =>
      this.#tellTopics(usedTopics, context),
    );
    const contextOf = async (hooks: RunHooks): Promise<TaskRunContext> => ({
      connector: payload.connector,
      task: payload.task,
      taskCount: payload.taskCount,
      config: (await secrets.resolve(payload.config)).config,
      identity: { id: identityOfTask(this.#options.cluster, spec.address), fence: spec.fence },
      options: {
        ...this.#options,
        workerConfig: (await secrets.resolve(this.#options.workerConfig)).config,
      },
      hideSecrets: secrets.hide,
      counters,
      usedTopics,
      logger,
      turns: this.#turns,
      catalog: this.#catalog,
      ...hooks,
    });
    return new TaskActor({
      context: { ...context, lease: this.#leaseOf(payload.config, context) },
      options: { ...this.#options, logger },
      targetState: payload.targetState,
      secrets,
      createRun: async (hooks) => this.#createRun(spec.kind, await contextOf(hooks)),
      ...(spec.kind === 'sink-task'
        ? { keep: async (hooks: RunHooks) => keepSinkOffsets(await contextOf(hooks)) }
        : {}),
      onTarget: (targetState: TargetState) => this.#remember(spec, { ...payload, targetState }),
      onEnd: (reason) => {
        endMetrics();
        this.#forget(spec, reason);
      },
    });
  }

  #tellTopics(used: UsedTopics, context: ActorContext): void {
    if (!this.#options.trackTopics) return;
    const topics = used.take(this.#options.clock.monotonicMs());
    const event: RuntimeEvent = { type: 'topics', topics };
    if (topics.length > 0) context.emit(event);
  }

  /** A task whose every effect the log fences may go on without a lease for a while. */
  #leaseOf(config: ConnectorConfig, context: ActorContext): Lease {
    const { continueFencedMs, log, plugins } = this.#options;
    const facts = plugins.facts(config);
    if (continueFencedMs === 0 || !log.capabilities.fencing || !facts || !hasFencedEffects(facts)) {
      return context.lease;
    }
    const lease = context.leaseBeyond(continueFencedMs);
    lease.onExpired(() => log.disconnect());
    return lease;
  }

  async #createRun(kind: string, given: TaskRunContext): Promise<TaskRun> {
    const { config, options, hideSecrets: hideReferences } = given;
    const { workerConfig } = options;
    const plugins = await this.#options.plugins.load(withInheritedConverters(config, workerConfig));
    const plugin = plugins.connector;
    const { configDef } = plugin;
    const hideSecrets = hidingSecrets({ config, workerConfig, configDef, hideReferences });
    const context = { ...given, hideSecrets };
    context.emit({ type: 'plugin', class: plugin.class, version: plugin.version });
    if (kind === 'source-task' && plugin.type === 'source')
      return new SourceTaskRun(plugin, plugins, context);
    if (kind === 'sink-task' && plugin.type === 'sink')
      return new SinkTaskRun(plugin, plugins, context);
    throw new ConnectError(`${plugin.class} is a ${plugin.type}, but a ${kind} was to be started`);
  }

  #remember({ address, fence, payload: overridden }: ActorSpec, payload: unknown): void {
    this.#told.set(address, { fence, overridden: JSON.stringify(overridden), payload });
  }

  #payloadOf({ address, fence, payload }: ActorSpec): unknown {
    const told = this.#told.get(address);
    if (told?.fence !== fence || told.overridden !== JSON.stringify(payload)) return payload;
    return told.payload;
  }

  #forget(spec: ActorSpec, reason: 'stop' | 'restart' | 'failed'): void {
    if (reason === 'stop' && this.#told.get(spec.address)?.fence === spec.fence)
      this.#told.delete(spec.address);
  }
}

/** The records and offsets of a source, and the offsets of a sink, are fenced by the log: what else is there? */
function hasFencedEffects({
  type,
  movesExternalCursor,
  effectsAreFenced,
}: ConnectorFacts): boolean {
  return type === 'source' ? movesExternalCursor !== true : effectsAreFenced === true;
}
