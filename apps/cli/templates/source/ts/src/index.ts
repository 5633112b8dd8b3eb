/** Reads the items of a server in pages: `GET <url>?after=<id>&limit=<n>` answers a JSON list, by rising ids. */
import { setTimeout as sleep } from 'node:timers/promises';
import { defineSource, int, RetriableError, string } from '@sluice/connector-api';

interface Item {
  readonly id: number;
}

export default defineSource({
  name: 'TemplateSource',
  version: '0.1.0',
  config: {
    url: string()
      .pattern(/^https?:\/\//)
      .importance('high')
      .doc('Address of the items, for example http://127.0.0.1:4000/items.'),
    topic: string().nonEmpty().importance('high').doc('Topic that the items go to.'),
    'page.size': int().default(100).min(1).max(1_000).doc('Items that are asked for at a time.'),
    'poll.interval.ms': int().default(1_000).min(1).doc('Pause after there was nothing new.'),
  },
  async *run({ config, offset, signal }) {
    // Where the last run got to; all of that has reached the log.
    let after = Number(offset?.['id'] ?? 0);
    while (!signal.aborted) {
      const items = await readPage(config.url, after, config['page.size'], signal);
      const last = items.at(-1);
      if (last === undefined) {
        await sleep(config['poll.interval.ms'], undefined, { signal });
        continue;
      }
      yield items.map((item) => ({
        topic: config.topic,
        key: String(item.id),
        value: item,
        // A run that follows begins behind this item.
        offset: { id: item.id },
      }));
      after = last.id;
    }
  },
});

async function readPage(
  url: string,
  after: number,
  limit: number,
  signal: AbortSignal,
): Promise<readonly Item[]> {
  const page = new URL(url);
  page.searchParams.set('after', String(after));
  page.searchParams.set('limit', String(limit));
  let response: Response;
  try {
    response = await fetch(page, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
    });
  } catch (cause) {
    // Tried again after a pause; any other error fails the task.
    throw new RetriableError(`${page.origin} does not answer`, { cause });
  }
  if (response.status >= 500)
    throw new RetriableError(`${page.origin} answered ${String(response.status)}`);
  if (!response.ok)
    throw new Error(`${page.origin} refused the request with ${String(response.status)}`);
  return (await response.json()) as Item[];
}
