/**
 * Collects messages of one event-loop turn and posts them as one: a thousand actors started in a turn are
 * one message. If a batch cannot be cloned, its messages go one by one, so that only the culprit is refused.
 */
export interface OutboxOptions<Message> {
  readonly post: (batch: readonly Message[]) => void;
  readonly refused: (message: Message, error: unknown) => void;
}

export class Outbox<Message> {
  readonly #options: OutboxOptions<Message>;
  #batch: Message[] = [];
  #scheduled: NodeJS.Immediate | undefined;

  constructor(options: OutboxOptions<Message>) {
    this.#options = options;
  }

  push(message: Message): void {
    this.#batch.push(message);
    this.#scheduled ??= setImmediate(() => this.flush());
  }

  flush(): void {
    if (this.#scheduled) clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    const batch = this.#batch;
    if (batch.length === 0) return;
    this.#batch = [];
    try {
      this.#options.post(batch);
    } catch {
      for (const message of batch) this.#postAlone(message);
    }
  }

  close(): void {
    if (this.#scheduled) clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    this.#batch = [];
  }

  #postAlone(message: Message): void {
    try {
      this.#options.post([message]);
    } catch (error) {
      this.#options.refused(message, error);
    }
  }
}
