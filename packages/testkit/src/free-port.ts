import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { hasCode } from '@sluice/kernel';

// Below the range from which systems take ports of outgoing connections (32768 and up on Linux,
// 49152 and up elsewhere), so that a server that is killed and started again finds its port free.
const portMin = 20_000;
/**
 * Of each process, by its id: test files that run side by side do not take each other's ports, before they are used,
 * or while a server is down. Nor does one file give out a port again soon.
 */
const ownPorts = 120;
const parts = 100;
let last = randomInt(ownPorts);

/** A port on 127.0.0.1 on which nobody listens at this moment. */
export async function freePort(): Promise<number> {
  const first = portMin + (process.pid % parts) * ownPorts;
  for (let attempt = 0; attempt < ownPorts; attempt += 1) {
    last = (last + 1) % ownPorts;
    const port = first + last;
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port found between ${first} and ${first + ownPorts - 1}`);
}

const startsMax = 5;

/** Starts a server on a free port, and on another one if it fails with this code: somebody has taken the port meanwhile. */
export async function onFreePort<Server>(
  takenCode: string,
  start: (port: number) => Promise<Server>,
): Promise<Server> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(await freePort());
    } catch (error) {
      if (attempt === startsMax || !hasCode(error, takenCode)) throw error;
    }
  }
}

/** Whether one can listen on this port of 127.0.0.1 now. */
export async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      server.close(() => resolve(true));
    });
  });
}
