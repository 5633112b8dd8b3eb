/**
 * The actor of one connector: the plugin's connector instance, and the task configurations that it makes.
 *
 *     stopped ── target STARTED ──▶ started ── target PAUSED or STOPPED ──▶ stopped
 *                                      │ start, reconfigure, requestTaskReconfiguration
 *                                      └──▶ `task-configs` to the control thread
 *
 * As in Kafka Connect, the instance runs only while the target is STARTED; a paused connector is stopped,
 * its tasks stay. Any error of the plugin, in taskConfigs too, fails the actor: its supervisor starts it
 * again with back-off and the operator sees why (Kafka Connect retries taskConfigs for ever, unseen).
 *
 * The lease is not checked: the only effect on the cluster is the publication of task configurations, which
 * is a compare-and-set under this actor's fence.
 */
import type { Actor, ActorContext } from '@sluice/actor';
import {
  assertSupported,
  ConfigError,
  type Connector,
  type ConnectorConfig,
  type ConnectorPlugin,
  type TaskLogger,
} from '@sluice/connector-api';
import { toError } from '@sluice/kernel';
import { transformationProblems } from '@sluice/transforms';

import type { DefinitionPlugins } from './definition-plugins.ts';
import { type ConnectorPayload, isRuntimeMessage, type RuntimeEvent } from './payloads.ts';
import type { ActorSecrets } from './references/actor-secrets.ts';
import type { ResolvedConfig } from './references/resolve-config.ts';
import { withReferences } from './references/with-references.ts';
import { assertTaskCount, publishedTaskConfigs, tasksMaxOf } from './task-configs.ts';
import { transformationPlugins } from './task-transforms.ts';

export interface ConnectorActorOptions {
  readonly context: ActorContext;
  readonly payload: ConnectorPayload;
  /** @throws when no plugin has the class that the configuration names. */
  readonly loadPlugins: (config: ConnectorConfig) => Promise<DefinitionPlugins>;
  /** Sources write records and offsets together. */
  readonly exactlyOnce: boolean;
  readonly secrets: ActorSecrets;
  readonly logger: TaskLogger;
  /** Something was told that the next life of this actor must begin with. */
  readonly onPayload: (payload: ConnectorPayload) => void;
  readonly onEnd: (reason: 'stop' | 'restart' | 'failed') => void;
}

interface Started {
  readonly instance: Connector;
  readonly plugin: ConnectorPlugin;
  readonly resolved: ResolvedConfig;
  readonly abort: AbortController;
}

export class ConnectorActor implements Actor {
  readonly #options: ConnectorActorOptions;
  readonly #context: ActorContext;
  #payload: ConnectorPayload;
  #started: Started | undefined;
  /** Calls into the plugin, one after the other. */
  #queue: Promise<void> = Promise.resolve();
  #isReconfigurationAsked = false;
  #isEnding = false;

  constructor(options: ConnectorActorOptions) {
    this.#options = options;
    this.#context = options.context;
    this.#payload = options.payload;
  }

  start(): Promise<void> {
    return this.#inTurn(() => this.#apply());
  }

  async receive(message: unknown): Promise<void> {
    if (!isRuntimeMessage(message)) return;
    if (message.type === 'target') {
      if (message.state === this.#payload.targetState) return;
      this.#remember({ ...this.#payload, targetState: message.state });
      await this.#inTurn(() => this.#apply());
      return;
    }
    if (message.definitionVersion === this.#payload.definitionVersion) return;
    const { config, definitionVersion } = message;
    this.#remember({ ...this.#payload, config, definitionVersion });
    await this.#inTurn(async () => {
      await this.#stopInstance();
      await this.#apply();
    });
  }

  shownTrace(trace: string): string {
    return this.#options.secrets.hide(trace);
  }

  async stop(reason: 'stop' | 'restart' | 'failed'): Promise<void> {
    this.#isEnding = true;
    this.#started?.abort.abort(new Error('the connector is being stopped'));
    await this.#inTurn(() => this.#stopInstance());
    this.#options.onEnd(reason);
  }

  /** Makes the instance what the target says. */
  async #apply(): Promise<void> {
    const isWanted = this.#payload.targetState === 'STARTED' && !this.#isEnding;
    if (!isWanted) {
      await this.#stopInstance();
      this.#context.setState('PAUSED');
    } else if (!this.#started) {
      await this.#startInstance();
      this.#context.setState('RUNNING');
      await this.#emitTaskConfigs();
    }
  }

  async #startInstance(): Promise<void> {
    const { connector } = this.#payload;
    const resolved = await this.#options.secrets.resolve(this.#payload.config);
    const { config } = resolved;
    assertSupported(config, { exactlyOnce: this.#options.exactlyOnce });
    const plugins = await this.#options.loadPlugins(config);
    const problems = transformationProblems(config, transformationPlugins(plugins));
    if (problems.length > 0) throw new ConfigError(problems);
    const plugin = plugins.connector;
    this.#emitVersion(plugin);
    const instance = plugin.createConnector();
    const started: Started = { instance, plugin, resolved, abort: new AbortController() };
    this.#started = started;
    const abort = (): void => started.abort.abort(this.#context.signal.reason);
    this.#context.signal.addEventListener('abort', abort, { once: true });
    await started.instance.start?.(config, {
      connector,
      logger: this.#options.logger,
      signal: started.abort.signal,
      requestTaskReconfiguration: () => this.#askReconfiguration(started),
      raiseError: (error) => {
        if (this.#started === started) this.#context.fail(toError(error));
      },
    });
  }

  async #stopInstance(): Promise<void> {
    const started = this.#started;
    this.#started = undefined;
    if (!started) return;
    started.abort.abort(new Error('the connector is being stopped'));
    try {
      await started.instance.stop?.();
    } catch (error) {
      // As in Kafka Connect: what stops badly is stopped all the same.
      this.#options.logger.warn({ error: toError(error).message }, 'stop of the connector threw');
    }
  }

  #emitVersion({ class: name, version }: ConnectorPlugin): void {
    const event: RuntimeEvent = { type: 'plugin', class: name, version };
    this.#context.emit(event);
  }

  async #emitTaskConfigs(): Promise<void> {
    const started = this.#started;
    if (!started) return;
    const { config, connector, definitionVersion } = this.#payload;
    const { instance, plugin, resolved } = started;
    const made = await instance.taskConfigs(tasksMaxOf(connector, resolved.config));
    assertTaskCount(connector, made.length, resolved.config);
    // They are stored: with the references of the definition, not with what those stand for.
    const generated = made.map((own) => withReferences(own, config, resolved));
    const configs = publishedTaskConfigs({
      connector,
      config,
      pluginClass: plugin.class,
      generated,
    });
    const event: RuntimeEvent = { type: 'task-configs', definitionVersion, configs };
    this.#context.emit(event);
  }

  /** Many requests before the first is served are one. */
  #askReconfiguration(from: Started): void {
    if (this.#isReconfigurationAsked || this.#isEnding) return;
    this.#isReconfigurationAsked = true;
    this.#inTurn(async () => {
      this.#isReconfigurationAsked = false;
      if (this.#started === from) await this.#emitTaskConfigs();
    }).catch((error: unknown) => this.#context.fail(error));
  }

  #remember(payload: ConnectorPayload): void {
    this.#payload = payload;
    this.#options.onPayload(payload);
  }

  #inTurn(action: () => Promise<void>): Promise<void> {
    const turn = this.#queue.then(action);
    this.#queue = turn.catch(() => {});
    return turn;
  }
}
