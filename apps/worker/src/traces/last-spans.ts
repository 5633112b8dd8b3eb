/**
 * A dedicated executor is ended as soon as its actor has ended, before a worker that stops asks for spans: so the end of
 * the actor is not told before they are exported. It counts as a part of the stop, and ends with the grace for that.
 */
import type { Actor, ActorFactory } from '@sluice/actor';
import { outsideActors } from '@sluice/actor/executor';

import type { Traces } from './open-traces.ts';

/** A collector that is away makes each stop of a dedicated executor so much longer. */
const lastFlushMs = 1_000;

export function withLastSpans(
  factory: ActorFactory,
  { flush }: Pick<Traces, 'flush'>,
): ActorFactory {
  return (spec, context) => {
    const { signal } = context;
    const actor: Actor = factory(spec, context);
    return {
      start: () => actor.start(),
      receive: (message) => actor.receive(message),
      stop: async (reason) => {
        try {
          await actor.stop(reason);
        } finally {
          await outsideActors(() => flushUntil(signal));
        }
      },
      shownTrace: (trace) => actor.shownTrace?.(trace) ?? trace,
    };
  };

  async function flushUntil(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { promise: aborted, resolve } = Promise.withResolvers<void>();
    const onAbort = (): void => resolve();
    signal.addEventListener('abort', onAbort, { once: true });
    await Promise.race([flush(lastFlushMs), aborted]);
    signal.removeEventListener('abort', onAbort);
  }
}
