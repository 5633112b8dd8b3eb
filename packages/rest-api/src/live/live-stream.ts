/** What one client of the feed is sent: a stream that says whether its line takes more. */
import { Readable } from 'node:stream';

import type { LiveClient } from './live-feed.ts';

export class LiveStream extends Readable implements LiveClient {
  /** Not while a message waits here, nor while what reads this stream holds back. */
  get takesMore(): boolean {
    return this.#isOpen && this.readableLength === 0 && !this.isPaused();
  }

  /** Messages so far. */
  get sent(): number {
    return this.#sent;
  }

  send(message: Buffer): void {
    if (!this.#isOpen) return;
    this.#sent += 1;
    this.push(message);
  }

  /** Nothing more comes. */
  end(): void {
    if (this.#isOpen) this.push(null);
    this.#hasEnded = true;
  }

  /** What there is was pushed. */
  override _read(): void {}

  #sent = 0;
  #hasEnded = false;

  get #isOpen(): boolean {
    return !this.destroyed && !this.#hasEnded;
  }
}
