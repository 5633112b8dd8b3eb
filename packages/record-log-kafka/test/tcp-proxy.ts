import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Stands between a client and a broker, at an address of its own, and can keep silent. */
export class TcpProxy {
  readonly host: string;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #server = createServer((socket) => this.#accept(socket));
  readonly #sockets = new Set<Socket>();
  #isSilent = false;

  constructor(host: string, target: string) {
    const [targetHost = '', port] = target.split(':');
    this.host = host;
    this.#target = { host: targetHost, port: Number(port) };
  }

  get address(): string {
    return `${this.host}:${(this.#server.address() as AddressInfo).port}`;
  }

  async start(): Promise<this> {
    this.#server.listen(0, this.host);
    await once(this.#server, 'listening');
    return this;
  }

  /** From now on it accepts, reads and says nothing. */
  silence(): void {
    this.#isSilent = true;
    for (const socket of this.#sockets) socket.unpipe();
    for (const socket of this.#sockets) socket.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #accept(socket: Socket): void {
    this.#watch(socket);
    if (this.#isSilent) {
      socket.resume();
      return;
    }
    const upstream = connect(this.#target);
    this.#watch(upstream);
    socket.pipe(upstream).pipe(socket);
  }

  #watch(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
  }
}
