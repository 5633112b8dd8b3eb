import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { systemClock } from '@sluice/kernel';
import { expect, test } from 'vitest';

import { spawnGuarded } from './guarded-process.ts';
import { NetworkNamespace, namespaceObstacle } from './network-namespace.ts';
import { waitFor } from './wait-for.ts';

const obstacle = namespaceObstacle();

/** Says every 20 ms that it is there, and counts what it hears. */
const caller = `
  const socket = require('node:net').connect(Number(process.argv[2]), process.argv[1]);
  socket.on('connect', () => setInterval(() => socket.write('.'), 20));
  socket.on('data', (chunk) => process.stdout.write(chunk));
`;

async function listen(host: string): Promise<Server> {
  const server = createServer();
  server.listen(0, host);
  await once(server, 'listening');
  return server;
}

/** How much comes on either side within a while, after what was under way has arrived. */
async function traffic(heard: () => number): Promise<number> {
  await systemClock.sleep(100);
  const before = heard();
  await systemClock.sleep(200);
  return heard() - before;
}

// Only root may make a network.
test.skipIf(obstacle !== undefined)(
  'what is in it reaches the host, and the link can be cut, or lose one direction',
  async () => {
    using namespace = new NetworkNamespace();
    const server = await listen(namespace.hostAddress);
    let atHost = 0;
    server.on('connection', (socket) => {
      socket.on('error', () => {});
      socket.on('data', (chunk) => (atHost += chunk.length));
      const timer = setInterval(() => socket.write('.'), 20);
      socket.once('close', () => clearInterval(timer));
    });
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const [command, ...args] = namespace.command;
    const inside = spawnGuarded({
      command,
      args: [...args, process.execPath, '-e', caller, namespace.hostAddress, String(port)],
    });
    let atCaller = 0;
    inside.stdout?.on('data', (chunk: Buffer) => (atCaller += chunk.length));
    const bothHear = async (): Promise<void> => {
      const [host, own] = [atHost, atCaller];
      await waitFor(() => atHost > host && atCaller > own, { what: 'both ends to hear' });
    };
    try {
      await bothHear();
      namespace.cutOff();
      expect(await traffic(() => atHost + atCaller)).toBe(0);
      namespace.heal();
      await bothHear();

      namespace.loseOutgoing();
      expect(await traffic(() => atHost)).toBe(0);
      namespace.heal();
      await bothHear();

      namespace.loseIncoming();
      expect(await traffic(() => atCaller)).toBe(0);
      namespace.heal();
      await bothHear();
    } finally {
      inside.kill('SIGKILL');
      server.close();
    }
  },
);
