/** One life of a unit in a worker: what may have effects there, for which partitions. */
import type { ConnectorType, RunnableUnit } from '@sluice/coordination';
import { ownerOf } from '@sluice/runtime';

import type { PlayedExecutor } from './played-executor.ts';
import type { PlayedProcess } from './played-process.ts';

export type RunPhase = 'starting' | 'running' | 'paused' | 'stopping' | 'over';

/** What a worker process shares with its runs. */
export interface RunHost {
  readonly process: PlayedProcess;
  readonly lease: { readonly pauseAtMs: number; readonly quiesceAtMs: number };
  /** How long tasks whose every effect is fenced go on without a lease; 0: by the policy `pause`. */
  readonly continueFencedMs: number;
}

export class Run {
  readonly unit: RunnableUnit;
  readonly host: RunHost;
  readonly executor: PlayedExecutor;
  readonly beganAtMs: number;
  phase: RunPhase = 'starting';
  /** The unit itself and the partitions that it stands for: nobody else may act for them. */
  readonly claims: readonly string[];
  readonly partitions: readonly string[];
  /** Next offset of each partition; known once it has started. */
  readonly positions = new Map<string, number>();
  nextPartition = 0;
  /** An effect is on its way, or its answer. */
  isSending = false;
  topicToldAtMs = Number.NEGATIVE_INFINITY;
  /** What follows once it has stopped. */
  afterwards: (() => void) | undefined;

  constructor(unit: RunnableUnit, host: RunHost, executor: PlayedExecutor, nowMs: number) {
    this.unit = unit;
    this.host = host;
    this.executor = executor;
    this.beganAtMs = nowMs;
    this.partitions = partitionsOf(unit);
    this.claims = [unit.unit, ...this.partitions];
  }

  /** Whether an effect of it could begin now by its lease, if it came to that. */
  get mayAct(): boolean {
    return this.#isAliveUntil(this.host.lease.quiesceAtMs);
  }

  /** As above, or by the policy `continue-if-fenced`: then nothing but its fence keeps it from a successor's work. */
  get goesOn(): boolean {
    const { lease, continueFencedMs } = this.host;
    const hadLease = lease.quiesceAtMs > 0;
    const beyondMs = this.isFenced && hadLease ? continueFencedMs : 0;
    return this.#isAliveUntil(lease.quiesceAtMs + beyondMs);
  }

  /** Whether everything that it does is refused once there is a newer owner. */
  get isFenced(): boolean {
    const { kind, connectorType, connector } = this.unit;
    return kind === 'task' && (connectorType === 'source' || connector.startsWith('fenced'));
  }

  #isAliveUntil(atMs: number): boolean {
    const { process } = this.host;
    return (
      this.phase !== 'over' &&
      !this.executor.isAbandoned &&
      process.isAlive &&
      process.clock.monotonicMs() < atMs
    );
  }

  /** `w2 (fence 17)`. */
  get holder(): string {
    return `${this.host.process.name} (${this.unit.unit} fence ${this.unit.fence})`;
  }
}

/** Partitions of the one topic of each played sink. */
const sinkPartitions = 6;

/**
 * By the product's formula for a sink; a source's tasks each have a piece of work of their own, and no piece
 * if the set has shrunk.
 */
export function partitionsOf(unit: RunnableUnit): string[] {
  const { kind, connector, task = 0, connectorType, taskCount } = unit;
  if (kind === 'connector') return [];
  if (connectorType !== 'sink') return [`${connector}[${task}]`];
  const partitions: string[] = [];
  for (let partition = 0; partition < sinkPartitions; partition++) {
    if (ownerOf(0, partition, taskCount) === task) partitions.push(`${connector}:${partition}`);
  }
  return partitions;
}

/** What the tasks of a connector have to share among them. */
export function allPartitionsOf(
  connector: string,
  type: ConnectorType,
  taskCount: number,
): string[] {
  return type === 'sink'
    ? Array.from({ length: sinkPartitions }, (_, partition) => `${connector}:${partition}`)
    : Array.from({ length: taskCount }, (_, task) => `${connector}[${task}]`);
}
