/**
 * Requests that a client sends on one connection without waiting for their answers are carried out one after the other,
 * as they are answered: Node begins each as it is read, and a change would overtake the one before.
 */
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

const answeredLast = new WeakMap<Socket, Promise<void>>();

/** Before all else that a request has to pass. */
export function keepOrder(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ raw: { socket } }, { raw: response }) => {
    const before = answeredLast.get(socket);
    answeredLast.set(
      socket,
      // Also if the connection is gone, for all that came on it.
      new Promise((resolve) => void response.once('close', resolve)),
    );
    await before;
  });
}
