/**
 * Keeps the stream of `GET /sluice/live` open and hands its events to the store.
 *
 * A stream that breaks, or says nothing for `silenceMs`, is opened anew, after a delay that grows; one that is refused
 * with 401 is not, until somebody signs in (`start()` again). `fetch`, and not EventSource, which hides status and text
 * of a refusal.
 */
import type { LiveStore } from './live-store.ts';
import { ServerEvents } from './server-events.ts';

/** The server says something at least every 2 s. */
export const silenceMs = 6_000;
const delayFirstMs = 300;
const delayMaxMs = 5_000;

export interface LiveConnectionOptions {
  readonly store: LiveStore;
  readonly onSignedOut: () => void;
}

export class LiveConnection {
  readonly #options: LiveConnectionOptions;
  #running: AbortController | undefined;

  constructor(options: LiveConnectionOptions) {
    this.#options = options;
  }

  start(): void {
    this.stop();
    this.#running = new AbortController();
    void this.#run(this.#running.signal);
  }

  stop(): void {
    this.#running?.abort();
    this.#running = undefined;
  }

  /** Nobody looks: what is shown grows old until it is started again, and that is no fault. */
  rest(): void {
    this.stop();
    this.#options.store.setStream({ kind: 'resting' });
  }

  /** Never rejects: what goes wrong is the state of the stream. */
  async #run(signal: AbortSignal): Promise<void> {
    const { store, onSignedOut } = this.#options;
    let delayMs = delayFirstMs;
    while (!signal.aborted) {
      const openedAtMs = Date.now();
      const outcome = await readStream(store, signal);
      if (signal.aborted) return;
      if (outcome.kind === 'signed-out') {
        store.setStream({ kind: 'refused', why: 'you are signed out' });
        onSignedOut();
        return;
      }
      store.setStream(outcome);
      // One that lasted was well: the next is tried at once.
      delayMs = Date.now() - openedAtMs > 10_000 ? delayFirstMs : Math.min(delayMs * 2, delayMaxMs);
      await pause(delayMs * (0.5 + Math.random() / 2), signal);
    }
  }
}

type Outcome =
  | { readonly kind: 'broken' | 'refused'; readonly why: string }
  | { readonly kind: 'signed-out' };

async function readStream(store: LiveStore, signal: AbortSignal): Promise<Outcome> {
  const silence = new AbortController();
  const either = AbortSignal.any([signal, silence.signal]);
  const giveUp = (): void => silence.abort();
  let timer = setTimeout(giveUp, silenceMs);
  try {
    const response = await fetch('/sluice/live', {
      headers: { accept: 'text/event-stream' },
      signal: either,
    });
    if (response.status === 401) return { kind: 'signed-out' };
    if (!response.ok || !response.body) return { kind: 'refused', why: await reasonOf(response) };
    const events = new ServerEvents();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { kind: 'broken', why: 'the coordinator ended the stream' };
      clearTimeout(timer);
      timer = setTimeout(giveUp, silenceMs);
      for (const event of events.push(value)) store.receive(event, Date.now());
    }
  } catch {
    const why = silence.signal.aborted ? 'the stream went silent' : 'no coordinator answers';
    return { kind: 'broken', why };
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}

async function reasonOf(response: Response): Promise<string> {
  const body: unknown = await response.json().catch(() => undefined);
  const message =
    typeof body === 'object' && body !== null && 'message' in body ? body.message : undefined;
  return typeof message === 'string' ? message : `the coordinator answers ${response.status}`;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
