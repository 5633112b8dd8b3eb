/** A server that keeps items, for tests; `node test/server.ts` runs it on PORT, else 4000 and prints what it gets. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

interface Item {
  readonly id: string;
  readonly value: unknown;
}

export interface ItemServer {
  readonly url: string;
  items(): readonly Item[];
  /** While true, it answers 503. */
  isAway: boolean;
  /** While true, it answers nothing. */
  isSilent: boolean;
  close(): Promise<void>;
}

export async function startServer(
  port = 0,
  onItem: (item: Item) => void = () => {},
): Promise<ItemServer> {
  const kept = new Map<string, Item>();
  const keep = (items: readonly Item[]): void => {
    for (const item of items) {
      kept.set(item.id, item);
      onItem(item);
    }
  };
  const server = createServer((request, response) => {
    if (answered.isSilent) return;
    json(request)
      .then((items) => {
        if (!answered.isAway) keep(items as readonly Item[]);
        response.statusCode = answered.isAway ? 503 : 204;
      })
      .catch(() => {
        response.statusCode = 400;
      })
      .finally(() => response.end());
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  const answered = {
    url: `http://127.0.0.1:${String(address.port)}/items`,
    items: () => [...kept.values()],
    isAway: false,
    isSilent: false,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return answered;
}

if (import.meta.main) {
  const port = Number(process.env['PORT'] ?? 4_000);
  const server = await startServer(port, (item) => console.log(JSON.stringify(item)));
  console.log(`waiting for items at ${server.url}`);
}
