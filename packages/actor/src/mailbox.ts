/**
 * A bounded, ordered queue with one reader. Senders never wait: a full mailbox refuses.
 *
 *     open ──close()──▶ closed: what was not taken is dropped, the reader is woken, offers are refused
 */
import { assert, SluiceError } from '@sluice/kernel';

export type Taken<Message> =
  | { readonly kind: 'message'; readonly message: Message }
  | { readonly kind: 'closed' };

/** Commands to an actor are rare (pause, resume, flush): more waiting ones mean that it is stuck. */
const mailboxMessagesMax = 1_024;

export class Mailbox<Message> {
  readonly #owner: string;
  readonly #messagesMax: number;
  #messages: Message[] = [];
  #closed = false;
  #reader: ((taken: Taken<Message>) => void) | undefined;

  constructor(owner: string, messagesMax: number = mailboxMessagesMax) {
    this.#owner = owner;
    this.#messagesMax = messagesMax;
  }

  get size(): number {
    return this.#messages.length;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** @throws SluiceError `actor.mailbox-full` (retriable) or `actor.mailbox-closed`. */
  offer(message: Message): void {
    if (this.#closed) {
      throw new SluiceError(
        'actor.mailbox-closed',
        `the mailbox of ${this.#owner} is closed: it is stopping, or it failed`,
        { details: { address: this.#owner } },
      );
    }
    const reader = this.#reader;
    if (reader) {
      this.#reader = undefined;
      reader({ kind: 'message', message });
      return;
    }
    if (this.#messages.length >= this.#messagesMax) {
      throw new SluiceError(
        'actor.mailbox-full',
        `the mailbox of ${this.#owner} holds ${this.#messagesMax} messages that it does not take: it is stuck`,
        { retriable: true, details: { address: this.#owner, messagesMax: this.#messagesMax } },
      );
    }
    this.#messages.push(message);
  }

  /** The oldest message, once there is one. Only one reader may wait. */
  take(): Promise<Taken<Message>> {
    assert(!this.#reader, 'a mailbox has one reader');
    if (this.#closed) return Promise.resolve({ kind: 'closed' });
    if (this.#messages.length > 0) {
      const [message] = this.#messages.splice(0, 1) as [Message];
      return Promise.resolve({ kind: 'message', message });
    }
    return new Promise((resolve) => {
      this.#reader = resolve;
    });
  }

  close(): void {
    this.#closed = true;
    this.#messages = [];
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.({ kind: 'closed' });
  }
}
