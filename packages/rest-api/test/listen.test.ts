import { fastify } from 'fastify';
import { expect, onTestFinished, test } from 'vitest';

import { listenOn } from '../src/index.ts';

const settings = { host: 'SOME_HOST', port: 'SOME_PORT' };

async function listen(host: string, port: number): Promise<number> {
  const app = fastify();
  onTestFinished(async () => app.close());
  await listenOn(app, { host, port, settings });
  const address = app.server.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

test('a port that is in use, and an address that is elsewhere, are told with their settings', async () => {
  const port = await listen('127.0.0.1', 0);
  await expect(listen('127.0.0.1', port)).rejects.toMatchObject({
    code: 'bind.failed',
    message: `cannot listen on 127.0.0.1:${port}: the port is in use: stop what listens there, or set SOME_PORT to another port (0 takes a free one)`,
  });
  // An address for documentation.
  await expect(listen('203.0.113.1', 0)).rejects.toMatchObject({
    code: 'bind.failed',
    message:
      'cannot listen on 203.0.113.1:0: this machine has no such address: set SOME_HOST to one that it has',
  });
});
