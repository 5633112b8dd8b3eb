import type { LeaderContext } from '../leader-context.ts';
import type { LeaderTerm } from '../store.ts';

/**
 * For a leader without a journal in a cluster that has one: what it changes is not in there, and what it
 * deletes, the next leader with the journal restores. Nothing but its settings can be wrong.
 */
export async function tellMissingJournal(
  term: LeaderTerm,
  { store, logger, coordinator }: LeaderContext['options'],
): Promise<void> {
  if ((await store.journalMark()) === undefined) return;
  const message =
    `${coordinator} leads without the journal that the definitions of this cluster are kept in: ` +
    'give it the same record log as the other coordinators (KAFKA_BROKERS)';
  logger.error({}, message);
  await store.appendEvents(term, [{ type: 'journal.missing', message, facts: { coordinator } }]);
}
