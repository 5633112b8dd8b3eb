/** The coordinator serves the dashboard as it is installed, and what it needs, over one address. */
import { startCluster } from '@sluice/testkit';
import { expect, test } from 'vitest';

import { buildDashboard } from '../scripts/quickstart/dashboard.ts';

test('a browser finds the page, the live view and the boards at the address of the API', async () => {
  const told: string[] = [];
  await buildDashboard((text) => told.push(text));
  expect(told.join('')).not.toContain('not built');
  await using cluster = await startCluster({ workers: 1 });
  const url = cluster.coordinators[0]?.url ?? '';

  const home = await fetch(url, { headers: { accept: 'text/html' } });
  expect(home.url).toBe(`${url}/ui/`);
  const page = await home.text();
  const script = /src="(\/ui\/assets\/[^"]+\.js)"/.exec(page)?.[1] ?? '';
  const asset = await fetch(`${url}${script}`);
  expect(asset.status).toBe(200);
  expect(asset.headers.get('cache-control')).toContain('immutable');

  const live = await fetch(`${url}/sluice/live`);
  let text = '';
  // As far as its first event; leaving it ends the stream.
  for await (const part of live.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += part;
    if (text.includes('\n\n')) break;
  }
  const data = JSON.parse(text.slice(text.indexOf('data: ') + 6, text.indexOf('\n\n'))) as {
    workers: Record<string, { board: string }>;
  };
  const board = data.workers['worker-1']?.board ?? '';
  expect(board).toBe('/queues/queue/start.worker-1');
  expect((await fetch(`${url}${board}`)).status).toBe(200);

  const session = await fetch(`${url}/sluice/session`);
  expect(await session.json()).toMatchObject({ authentication: 'none', role: 'admin' });
});
