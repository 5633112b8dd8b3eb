import type { ActorFactory } from '@sluice/actor';
import type { ConnectorPlugin } from '@sluice/connector-api';
import { MemoryLog, MemoryLogStore } from '@sluice/record-log/memory';
import {
  createRuntimeFactory,
  PluginRegistry,
  type RuntimeOptions,
  type TaskPayload,
} from '@sluice/runtime';

import { ActorRig, type RigOptions } from './actor-rig.ts';
import { ChaosLog, type Outcome } from './chaos-log.ts';
import { stringConverters } from './plugins.ts';
import { TestLease } from './test-lease.ts';
import { VirtualClock } from './virtual-clock.ts';

export interface Setup {
  readonly plugin: ConnectorPlugin;
  readonly options?: Partial<RuntimeOptions>;
  readonly store?: MemoryLogStore;
  readonly clock?: VirtualClock;
  readonly decide?: (operation: string) => Outcome;
}

/** One executor with one plugin: a log in memory, virtual time, and a note of every call to the log. */
export class RuntimeUnderTest {
  readonly clock: VirtualClock;
  readonly store: MemoryLogStore;
  /** Of the actor that was created last. */
  lease = new TestLease();
  readonly log: ChaosLog;
  readonly plugin: ConnectorPlugin;
  readonly factory: ActorFactory;
  /** Calls to the log and into the plugin, in order, by those who note them. */
  readonly journal: string[] = [];
  /** Decides what happens to calls to the log; may be replaced. */
  decide: (operation: string) => Outcome;

  constructor({ plugin, options, store, clock, decide }: Setup) {
    this.plugin = plugin;
    this.clock = clock ?? new VirtualClock();
    this.store = store ?? new MemoryLogStore();
    this.decide = decide ?? (() => 'ok');
    this.log = new ChaosLog({
      inner: new MemoryLog(this.store, { clock: this.clock }),
      clock: this.clock,
      lease: { isHeld: () => this.lease.isHeld() },
      decide: (operation) => {
        this.journal.push(`log.${operation}`);
        return this.decide(operation);
      },
    });
    this.factory = createRuntimeFactory({
      log: this.log,
      plugins: new PluginRegistry([plugin]),
      cluster: 'test',
      workerConfig: stringConverters,
      clock: this.clock,
      threadMs: this.clock.threadMs,
      random: () => 0.5,
      ...options,
    });
  }

  rig(payload: Partial<TaskPayload> = {}, options: Partial<RigOptions> = {}): ActorRig {
    const { config, ...others } = payload;
    this.lease = new TestLease();
    return new ActorRig({
      clock: this.clock,
      factory: this.factory,
      kind: `${this.plugin.type}-task`,
      lease: this.lease,
      payload: {
        connector: 'orders',
        task: 0,
        targetState: 'STARTED',
        definitionVersion: 1,
        taskCount: 1,
        config: { 'connector.class': this.plugin.class, ...config },
        ...others,
      } satisfies TaskPayload,
      ...options,
    });
  }

  /** Starts a task and waits until it runs, or failed. */
  async started(payload: Partial<TaskPayload> = {}, options: Partial<RigOptions> = {}) {
    const rig = this.rig(payload, options).start();
    await this.clock.until('the task starts', () => rig.isStarted || rig.failure !== undefined);
    return rig;
  }

  note(entry: string): void {
    this.journal.push(entry);
  }

  /** Values of a topic's partition, as text. */
  values(topic: string, partition = 0): string[] {
    const stored = this.store.topic(topic)?.[partition];
    const values: string[] = [];
    for (let offset = 0; offset < (stored?.high ?? 0); offset += 1)
      values.push(Buffer.from(stored?.at(offset)?.value ?? []).toString());
    return values;
  }

  /** What is stored of the source partition `{ p: 'a' }`. */
  async storedSeq(): Promise<unknown> {
    const [offset] = await this.log.readSourceOffsets('orders', [{ p: 'a' }]);
    return offset?.['seq'];
  }

  append(topic: string, partition: number, ...values: string[]): void {
    for (const value of values)
      this.store.append(topic, partition, {
        key: null,
        value: Buffer.from(value),
        headers: [],
        timestampMs: this.clock.wallMs(),
      });
    this.store.wakeReaders();
  }
}
