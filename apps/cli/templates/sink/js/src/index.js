/** Sends records to a server: `PUT <url>` with a JSON list of `{ id, value }`; the same id again replaces. */
import { defineSink, int, RetriableError, string } from '@sluice/connector-api';

export default defineSink({
  name: 'TemplateSink',
  version: '0.1.0',
  config: {
    url: string()
      .pattern(/^https?:\/\//)
      .importance('high')
      .doc('Where to send records, for example http://127.0.0.1:4000/items.'),
    'timeout.ms': int().default(3_000).min(1).max(4_000).doc('How long an answer may take.'),
  },
  async put(records, { config }) {
    if (records.length === 0) return;
    // A batch may come again: with an id from where a record was read, that changes nothing.
    const items = records.map(({ topic, partition, offset, value, original }) => ({
      id: `${original?.topic ?? topic}-${String(original?.partition ?? partition)}-${String(original?.offset ?? offset)}`,
      value,
    }));
    let response;
    try {
      response = await fetch(config.url, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(items),
        // Not cut off by a stop, which waits for 5 s: what has arrived is then committed as well.
        signal: AbortSignal.timeout(config['timeout.ms']),
      });
    } catch (cause) {
      // The same batch comes again after a pause; any other error fails the task.
      throw new RetriableError(`${config.url} does not answer`, { cause });
    }
    if (response.status >= 500)
      throw new RetriableError(`${config.url} answered ${String(response.status)}`);
    if (!response.ok)
      throw new Error(`${config.url} refused the records with ${String(response.status)}`);
  },
});
