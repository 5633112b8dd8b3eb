/** Takes spans and throws them away: what a worker pays for traces is measured, not what a collector does. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export class Collector implements AsyncDisposable {
  readonly #server: Server = createServer((request, response) => {
    request.resume().once('end', () => response.writeHead(200).end());
  });

  static async start(): Promise<Collector> {
    const collector = new Collector();
    await new Promise<void>((resolve) => collector.#server.listen(0, '127.0.0.1', resolve));
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
