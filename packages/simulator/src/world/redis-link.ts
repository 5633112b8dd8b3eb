/**
 * A connection to Redis, as the driver of coordination has it: commands in order, answers in order, nothing
 * sent again. What may go wrong:
 *
 * | fault | the command | the caller |
 * | --- | --- | --- |
 * | Redis is down, or the link connects anew | is not sent | is told at once |
 * | Redis goes down meanwhile | may have been carried out | is told at once |
 * | requests cut | is lost, or comes late if the cut keeps what it holds up | is told when its time is up |
 * | replies cut | is carried out | is told when its time is up |
 * | Redis stalls | is carried out late | is told when its time is up |
 *
 * A command whose caller gave up may still be carried out: that is what makes an unanswered write dangerous.
 */
import type { PlayedProcess } from './played-process.ts';
import type { Random } from './random.ts';
import type { RedisServer } from './redis-server.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What a command is, for those who watch; undefined for plain reads. */
export interface ScriptCall {
  readonly script: string;
  readonly args: readonly (string | number)[];
}

export interface RedisLinkOptions {
  readonly process: PlayedProcess;
  readonly server: RedisServer;
  readonly time: VirtualTime;
  readonly random: Random;
  /** On the clock of its process. */
  readonly commandTimeoutMs: number;
}

export interface Cut {
  readonly requests: boolean;
  readonly replies: boolean;
  /** What is held up arrives when the cut ends; else it is lost. */
  readonly keeps: boolean;
}

const latencyMs = { min: 0.2, max: 4 };
/** The driver's back-off before it connects again. */
const reconnectMsMax = 1_000;

export class RedisLink {
  /** On top of the usual, one way. */
  slowMs = 0;
  /** Set by whoever is about to send: what the next command is. */
  nextCall: ScriptCall | undefined;
  readonly #options: RedisLinkOptions;
  readonly #waiting = new Set<() => void>();
  #cut: Cut | undefined;
  #hold: { readonly script: string; readonly cut: () => void } | undefined;
  #heldUp: (() => void)[] = [];
  #connectedFromMs = 0;
  #lastArrivalMs = 0;
  #lastReplyMs = 0;

  constructor(options: RedisLinkOptions) {
    this.#options = options;
    options.server.links.add(this);
  }

  cut(cut: Cut): void {
    this.#cut = cut;
  }

  /** Calls `cut` right before that script is sent the next time. */
  holdAt(script: string, cut: () => void): void {
    this.#hold = { script, cut };
  }

  heal(): void {
    this.#cut = undefined;
    this.#hold = undefined;
    this.slowMs = 0;
    const heldUp = this.#heldUp;
    this.#heldUp = [];
    for (const message of heldUp) this.#options.time.after(0, message);
  }

  /** Its process is gone, with its sockets. */
  close(): void {
    this.#options.server.links.delete(this);
    this.#waiting.clear();
  }

  /** Redis closed the connection, by dying. */
  reset(): void {
    this.#heldUp = [];
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const fail of waiting) this.#options.process.deliver(fail);
  }

  /** Redis can be reached again, which the driver notices at its next attempt. */
  reconnect(): void {
    const { time, random } = this.#options;
    this.#connectedFromMs = time.nowMs + random.between(0, reconnectMsMax);
  }

  /** Rejects as the driver does. */
  send<T>(command: () => T): Promise<T> {
    const { time, server, process } = this.#options;
    const call = this.nextCall;
    this.nextCall = undefined;
    const { life } = server;
    if (!server.isUp || time.nowMs < this.#connectedFromMs) {
      return Promise.reject(new Error("Stream isn't writeable and enableOfflineQueue is false"));
    }
    if (this.#hold && this.#hold.script === call?.script) {
      const { cut } = this.#hold;
      this.#hold = undefined;
      cut();
    }
    return new Promise<T>((resolve, reject) => {
      const fail = (): void => {
        timer.cancel();
        reject(new Error('Connection is closed.'));
      };
      const timer = process.after(this.#options.commandTimeoutMs, () => {
        this.#waiting.delete(fail);
        reject(new Error('Command timed out'));
      });
      this.#waiting.add(fail);
      const answer = (settle: () => void): void => {
        this.#transmit('replies', () => {
          // Told already that the time was up, or that the connection was lost.
          if (!this.#waiting.has(fail)) return;
          process.deliver(() => {
            if (!this.#waiting.delete(fail)) return;
            timer.cancel();
            settle();
          });
        });
      };
      const arrive = (): void => {
        // The connection that it was sent on is gone.
        if (!server.isUp || life !== server.life) return;
        server.carryOut(process, call, command, (reply) => {
          answer('error' in reply ? () => reject(reply.error) : () => resolve(reply.value));
        });
      };
      this.#transmit('requests', arrive);
    });
  }

  #transmit(direction: 'requests' | 'replies', arrive: () => void): void {
    const { time } = this.#options;
    const atMs = Math.max(
      time.nowMs + this.#latencyMs(),
      direction === 'requests' ? this.#lastArrivalMs : this.#lastReplyMs,
    );
    if (direction === 'requests') this.#lastArrivalMs = atMs;
    else this.#lastReplyMs = atMs;
    const message = (): void => {
      if (!this.#cut?.[direction]) arrive();
      else if (this.#cut.keeps) this.#heldUp.push(message);
    };
    time.after(atMs - time.nowMs, message);
  }

  #latencyMs(): number {
    const { random } = this.#options;
    return random.between(latencyMs.min, latencyMs.max) + this.slowMs * random.fraction();
  }
}
