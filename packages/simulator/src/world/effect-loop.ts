/**
 * The work of a running task: one effect after another, for each of its partitions in turn. The lease is asked
 * before each; what was sent may arrive after its sender is gone, and its answer may be lost.
 */
import type { PlayedProcess } from './played-process.ts';
import type { Random } from './random.ts';
import type { Run } from './run.ts';
import type { Effect, PlayedSink } from './sink.ts';
import type { Pace } from './timing.ts';
import type { World } from './world.ts';

export interface EffectLoopOptions {
  readonly world: World;
  readonly process: PlayedProcess;
  readonly sink: PlayedSink;
  readonly random: Random;
  /** Between two effects of a task. */
  readonly workMs: Pace['workMs'];
  /** The sink refused its fence. */
  readonly refused: (run: Run) => void;
  /** It used its topic lately. */
  readonly usedTopic: (run: Run) => void;
}

/** Of the link to the sink, one way. */
const sinkLatencyMs = { usual: 20, late: 1_500, veryLate: 30_000 };
const lateShare = 0.05;
const veryLateShare = 0.005;
const lostAnswerShare = 0.02;
const topicToldAgainMs = 30_000;

export class EffectLoop {
  readonly #options: EffectLoopOptions;

  constructor(options: EffectLoopOptions) {
    this.#options = options;
  }

  begin(run: Run): void {
    const { process, random, workMs } = this.#options;
    process.after(random.between(workMs.min, workMs.max), () => {
      run.executor.enter(() => {
        if (run.phase === 'over') return;
        this.#work(run);
        this.begin(run);
      });
    });
  }

  #work(run: Run): void {
    if (run.phase !== 'running' || run.isSending || !this.#mayBegin(run)) return;
    const partition = run.partitions[run.nextPartition++ % run.partitions.length];
    if (partition === undefined) return;
    run.isSending = true;
    const effect: Effect = {
      run,
      fence: run.unit.fence,
      partition,
      offset: run.positions.get(partition) ?? 0,
      sentAtMs: this.#options.world.time.nowMs,
      isBeyond: !run.mayAct,
    };
    this.#send(
      run,
      true,
      () => this.#options.sink.store(effect),
      (answer) => this.#stored(effect, answer),
    );
  }

  #stored(effect: Effect, answer: 'stored' | 'fenced' | 'lost'): void {
    const { run, partition, offset } = effect;
    if (answer === 'fenced') this.#options.refused(run);
    // Nobody knows whether it was stored: it is sent again.
    if (answer !== 'stored') {
      run.isSending = false;
      return;
    }
    run.positions.set(partition, offset + 1);
    this.#tellTopic(run);
    if (!run.goesOn) {
      run.isSending = false;
      return;
    }
    const { nowMs } = this.#options.world.time;
    const commit: Effect = { ...effect, sentAtMs: nowMs, isBeyond: !run.mayAct };
    this.#send(
      run,
      // A run that begins anew under its fence has ended the writer of the one before.
      false,
      () => this.#options.sink.commit(commit),
      (committed) => {
        run.isSending = false;
        if (committed === 'fenced') this.#options.refused(run);
      },
    );
  }

  /** Work that waits for a fresh lease, unless it is that of who goes on without one. */
  #mayBegin(run: Run): boolean {
    const { host } = run;
    const isFresh = this.#options.process.clock.monotonicMs() < host.lease.pauseAtMs;
    return isFresh || (host.continueFencedMs > 0 && run.isFenced && run.goesOn);
  }

  #tellTopic(run: Run): void {
    const { world, usedTopic } = this.#options;
    const { nowMs } = world.time;
    if (nowMs - run.topicToldAtMs < topicToldAgainMs) return;
    run.topicToldAtMs = nowMs;
    usedTopic(run);
  }

  #send<Answer>(
    run: Run,
    mayBeVeryLate: boolean,
    act: () => Answer,
    answered: (answer: Answer | 'lost') => void,
  ): void {
    const { world, process, random } = this.#options;
    world.time.after(this.#latencyMs(mayBeVeryLate), () => {
      const answer = act();
      const told = random.chance(lostAnswerShare) ? 'lost' : answer;
      world.time.after(this.#latencyMs(false), () => {
        process.deliver(() => run.executor.enter(() => answered(told)));
      });
    });
  }

  #latencyMs(mayBeVeryLate: boolean): number {
    const { random } = this.#options;
    const { usual, late, veryLate } = sinkLatencyMs;
    const fate = random.fraction();
    if (mayBeVeryLate && fate < veryLateShare) return random.between(late, veryLate);
    return random.between(1, fate < lateShare ? late : usual);
  }
}
