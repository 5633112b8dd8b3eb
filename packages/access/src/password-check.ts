/**
 * Checks passwords without becoming a way to keep the process busy: a client asks with each request, so what was right
 * is remembered for a while (as a keyed hash of it), the same question is asked once at a time, and only a few are
 * hashed at once. Who comes when many wait is told to come again.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { Clock } from '@sluice/kernel';

import type { Callers, KnownCaller } from './callers.ts';
import { LruMap } from './lru.ts';
import { isPassword, isToken, nobodysPassword } from './proof.ts';

export type PasswordResult =
  | { readonly kind: 'right'; readonly caller: KnownCaller }
  | { readonly kind: 'wrong' }
  | { readonly kind: 'busy' };

interface Remembered {
  readonly caller: KnownCaller;
  readonly untilMs: number;
}

const rememberedMax = 1_000;
const rememberedMs = 300_000;
/** Node's pool has four threads, and files and names of hosts want them, too. */
const hashedAtOnceMax = 2;
/** Two seconds' worth. */
const waitingMax = 16;

export class PasswordCheck {
  readonly #callers: Callers;
  readonly #clock: Clock;
  readonly #key = randomBytes(32);
  readonly #remembered = new LruMap<Remembered>(rememberedMax);
  readonly #asked = new Map<string, Promise<PasswordResult>>();
  readonly #waiting: (() => void)[] = [];
  #hashed = 0;

  constructor(callers: Callers, clock: Clock) {
    this.#callers = callers;
    this.#clock = clock;
  }

  async check(name: string, password: string): Promise<PasswordResult> {
    const known = this.#callers.named(name);
    // What can only send a name and a password sends a token as password.
    const token = known.find(({ proof }) => proof.kind === 'token' && isToken(password, proof));
    if (token) return { kind: 'right', caller: token };
    const key = createHmac('sha256', this.#key).update(`${name}\0${password}`).digest('base64');
    const remembered = this.#remembered.get(key);
    if (remembered && remembered.untilMs > this.#clock.monotonicMs()) {
      return { kind: 'right', caller: remembered.caller };
    }
    const asked = this.#asked.get(key) ?? this.#ask(key, known, password);
    return await asked;
  }

  #ask(key: string, known: readonly KnownCaller[], password: string): Promise<PasswordResult> {
    if (this.#waiting.length >= waitingMax) return Promise.resolve({ kind: 'busy' });
    const answer = this.#hash(known, password)
      .then((result) => {
        if (result.kind === 'right') {
          const untilMs = this.#clock.monotonicMs() + rememberedMs;
          this.#remembered.set(key, { caller: result.caller, untilMs });
        }
        return result;
      })
      .finally(() => this.#asked.delete(key));
    this.#asked.set(key, answer);
    return answer;
  }

  async #hash(known: readonly KnownCaller[], password: string): Promise<PasswordResult> {
    if (this.#hashed >= hashedAtOnceMax) {
      // Whoever is done hands on its place.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#hashed += 1;
    }
    try {
      let isKnown = false;
      for (const caller of known) {
        if (caller.proof.kind !== 'password') continue;
        isKnown = true;
        if (await isPassword(password, caller.proof)) return { kind: 'right', caller };
      }
      if (!isKnown) await isPassword(password, nobodysPassword);
      return { kind: 'wrong' };
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#hashed -= 1;
    }
  }
}
