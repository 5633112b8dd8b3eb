import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { systemClock } from '@sluice/kernel';
import { test } from 'vitest';

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

/** Until nothing comes any more for a while, in which fifteen would come: what was under way may still arrive. */
async function untilSilent(heard: () => number): Promise<void> {
  await waitFor(
    async () => {
      const before = heard();
      await systemClock.sleep(300);
      return heard() - before;
    },
    { what: 'silence', until: (count) => count === 0 },
  );
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
      await untilSilent(() => atHost + atCaller);
      namespace.heal();
      await bothHear();

      namespace.loseOutgoing();
      await untilSilent(() => atHost);
      namespace.heal();
      await bothHear();

      namespace.loseIncoming();
      await untilSilent(() => atCaller);
      namespace.heal();
      await bothHear();
    } finally {
      inside.kill('SIGKILL');
      server.close();
    }
  },
);
