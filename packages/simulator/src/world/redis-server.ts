/**
 * The server that all links lead to: up, down or stalled. It carries out commands one at a time, in the order
 * in which they arrive, and shows each to whoever watches.
 */
import type { PlayedProcess } from './played-process.ts';
import type { RedisLink, ScriptCall } from './redis-link.ts';
import type { VirtualTime } from './virtual-time.ts';

export type CommandReply<T> = { readonly value: T } | { readonly error: unknown };

/** Told of each script right after it was carried out. */
export type ScriptWatcher = (process: PlayedProcess, call: ScriptCall, reply: unknown) => void;

export class RedisServer {
  readonly links = new Set<RedisLink>();
  readonly #time: VirtualTime;
  readonly #watch: ScriptWatcher;
  #isUp = true;
  #stalledUntilMs = 0;
  #life = 0;
  #awaited: { readonly script: string; readonly action: () => void } | undefined;

  constructor(time: VirtualTime, watch: ScriptWatcher) {
    this.#time = time;
    this.#watch = watch;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Grows each time that it goes down: a command for an older life is lost. */
  get life(): number {
    return this.#life;
  }

  goDown(): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#life++;
    for (const link of this.links) link.reset();
  }

  comeUp(): void {
    if (this.#isUp) return;
    this.#isUp = true;
    this.#stalledUntilMs = 0;
    for (const link of this.links) link.reconnect();
  }

  /** It answers nobody for that long, and then everybody. */
  stall(ms: number): void {
    this.#stalledUntilMs = Math.max(this.#stalledUntilMs, this.#time.nowMs + ms);
  }

  /** Until it answers again. */
  get stalledForMs(): number {
    return Math.max(0, this.#stalledUntilMs - this.#time.nowMs);
  }

  /** Once. */
  afterNext(script: string, action: () => void): void {
    this.#awaited = { script, action };
  }

  expectNothing(): void {
    this.#awaited = undefined;
  }

  carryOut<T>(
    process: PlayedProcess,
    call: ScriptCall | undefined,
    command: () => T,
    answer: (reply: CommandReply<T>) => void,
  ): void {
    if (this.stalledForMs > 0) {
      const life = this.#life;
      this.#time.after(this.stalledForMs, () => {
        if (life === this.#life) this.carryOut(process, call, command, answer);
      });
      return;
    }
    let reply: CommandReply<T>;
    try {
      reply = { value: command() };
    } catch (error) {
      reply = { error };
    }
    if (call && 'value' in reply) this.#watch(process, call, reply.value);
    if (this.#awaited && this.#awaited.script === call?.script) {
      const { action } = this.#awaited;
      this.#awaited = undefined;
      action();
    }
    answer(reply);
  }
}
