/** A server with items, for tests; `node test/server.ts` runs it on PORT, else 4000 with a new one each second. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ItemServer {
  readonly url: string;
  /** Adds so many items; their ids. */
  add(count: number): readonly number[];
  /** While true, it answers 503. */
  isAway: boolean;
  /** While true, it answers nothing. */
  isSilent: boolean;
  close(): Promise<void>;
}

export async function startServer(port = 0): Promise<ItemServer> {
  const items: { readonly id: number; readonly text: string }[] = [];
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const after = Number(searchParams.get('after'));
    const limit = Number(searchParams.get('limit'));
    if (served.isSilent) return;
    if (served.isAway) {
      response.writeHead(503).end();
      return;
    }
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(items.slice(after, after + limit)));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  const served = {
    url: `http://127.0.0.1:${String(address.port)}/items`,
    add: (count: number) =>
      Array.from({ length: count }, () => {
        const id = items.length + 1;
        items.push({ id, text: `item ${String(id)}` });
        return id;
      }),
    isAway: false,
    isSilent: false,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return served;
}

if (import.meta.main) {
  const server = await startServer(Number(process.env['PORT'] ?? 4_000));
  console.log(`items are at ${server.url}`);
  server.add(3);
  setInterval(() => server.add(1), 1_000);
}
