import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

// Below the range from which systems take ports of outgoing connections (32768 and up on Linux,
// 49152 and up elsewhere), so that a server that is killed and started again finds its port free.
const portMin = 20_000;
const portMax = 32_000;
const attemptsMax = 50;

/** A port on 127.0.0.1 on which nobody listens at this moment. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const port = randomInt(portMin, portMax);
    if (await isFree(port)) return port;
  }
  throw new Error(
    `no free port found between ${portMin} and ${portMax} in ${attemptsMax} attempts`,
  );
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
