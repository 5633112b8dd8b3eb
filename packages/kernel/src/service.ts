/**
 * Something with a lifetime. The constructor only assigns; nothing runs before `start()`.
 * `stop()` may be called twice, before `start()`, or while it runs, and always returns within a limit.
 */
export interface Service {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Stops in reverse order; a failing stop does not keep the others from stopping. */
export async function stopAll(services: readonly Service[]): Promise<void> {
  const errors: unknown[] = [];
  for (const service of services.toReversed()) {
    try {
      await service.stop();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, 'services failed to stop');
}
