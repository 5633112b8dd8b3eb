/**
 * When the stream is open: while somebody is signed in and looks. A tab that nobody sees gives its stream up after a
 * while, since a browser opens six connections to an address and no more: with seven tabs none would be answered.
 *
 *     off ──signed in──▶ open ──hidden for `restAfterMs`──▶ resting ──seen──▶ open;  signed out: off
 */
export interface Connection {
  start(): void;
  /** Until it is started: what was seen last is no fault. */
  rest(): void;
  stop(): void;
}

/** A look at another tab and back costs nothing. */
const restAfterMsDefault = 15_000;

export class StreamWatch {
  readonly #connection: Connection;
  readonly #restAfterMs: number;
  #state: 'off' | 'open' | 'resting' = 'off';
  #isSeen: boolean;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    connection: Connection,
    {
      isSeen,
      restAfterMs = restAfterMsDefault,
    }: { readonly isSeen: boolean; readonly restAfterMs?: number },
  ) {
    this.#connection = connection;
    this.#isSeen = isSeen;
    this.#restAfterMs = restAfterMs;
  }

  signedIn(isSignedIn: boolean): void {
    if (isSignedIn === (this.#state !== 'off')) return;
    if (isSignedIn) this.#open();
    else {
      clearTimeout(this.#timer);
      this.#state = 'off';
      this.#connection.stop();
    }
  }

  seen(isSeen: boolean): void {
    this.#isSeen = isSeen;
    clearTimeout(this.#timer);
    if (this.#state === 'resting' && isSeen) this.#open();
    else if (this.#state === 'open' && !isSeen) this.#restSoon();
  }

  #open(): void {
    this.#state = 'open';
    this.#connection.start();
    // Opened in the background: it has something to show when it is looked at.
    if (!this.#isSeen) this.#restSoon();
  }

  #restSoon(): void {
    this.#timer = setTimeout(() => {
      this.#state = 'resting';
      this.#connection.rest();
    }, this.#restAfterMs);
  }
}
