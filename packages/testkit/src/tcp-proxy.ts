/**
 * A way to a server that can be disturbed: latency, connections that drop or are refused, and silence, in one direction
 * or in both.
 * Nothing is ever reordered or left out within a connection, as TCP promises it.
 *
 * A direction is flowing, or stalled: what was sent waits, in the proxy's and the system's buffers, until it flows
 * again; nobody is told. When either end closes, so does the other one.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { systemClock } from '@sluice/kernel';

const bufferedBytesMax = 1024 * 1024;

export interface Disturbance {
  /** Added to each direction. Default 0. */
  readonly latencyMs?: number;
  /** In which nothing gets through. Default: none. */
  readonly stalled?: 'to-server' | 'to-client' | 'both';
}

/**
 * @example
 * await using proxy = await TcpProxy.start(redis.port);
 * proxy.disturb({ stalled: 'to-client' }); // Redis hears us, and we do not hear it.
 * proxy.disturb({});
 */
export class TcpProxy implements AsyncDisposable {
  readonly port: number;
  readonly #host: string;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  #disturbance: Disturbance = {};

  /** In front of a server on this machine; `host` is the address that it listens on itself. */
  static async start(serverPort: number, host = '127.0.0.1'): Promise<TcpProxy> {
    const server = createServer({ allowHalfOpen: false });
    server.listen(0, host);
    await once(server, 'listening');
    return new TcpProxy(server, serverPort, host);
  }

  private constructor(server: Server, serverPort: number, host: string) {
    this.#server = server;
    this.#host = host;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (client) => {
      const connection = new Connection(client, connect(serverPort, '127.0.0.1'));
      connection.disturb(this.#disturbance);
      this.#connections.add(connection);
      client.once('close', () => this.#connections.delete(connection));
    });
  }

  /** From now on, in place of what was said before; `{}` disturbs nothing. */
  disturb(disturbance: Disturbance): void {
    this.#disturbance = disturbance;
    for (const connection of this.#connections) connection.disturb(disturbance);
  }

  /** New connections are refused, as where nobody listens; those that are open stay. */
  refuseConnections(): void {
    this.#server.close();
  }

  /** Takes connections again, on the same port. */
  async acceptConnections(): Promise<void> {
    this.#server.listen(this.port, this.#host);
    await once(this.#server, 'listening');
  }

  /** Resets all connections, and returns how many there were. */
  dropConnections(): number {
    const count = this.#connections.size;
    for (const connection of this.#connections) connection.reset();
    return count;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.dropConnections();
    await closed;
  }
}

class Connection {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #toServer: Direction;
  readonly #toClient: Direction;

  constructor(client: Socket, server: Socket) {
    this.#client = client;
    this.#server = server;
    this.#toServer = new Direction(client, server);
    this.#toClient = new Direction(server, client);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      // A connection that is lost on one side is lost on the other; `close` follows.
      socket.on('error', () => {});
    }
    client.once('close', () => server.destroy());
    server.once('close', () => client.destroy());
  }

  disturb({ latencyMs = 0, stalled }: Disturbance): void {
    this.#toServer.change(latencyMs, stalled === 'both' || stalled === 'to-server');
    this.#toClient.change(latencyMs, stalled === 'both' || stalled === 'to-client');
  }

  reset(): void {
    this.#client.resetAndDestroy();
    this.#server.resetAndDestroy();
  }
}

class Direction {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #waiting: { readonly chunk: Buffer; readonly dueMs: number }[] = [];
  #waitingBytes = 0;
  #latencyMs = 0;
  #isStalled = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, to: Socket) {
    this.#from = from;
    this.#to = to;
    from.on('data', (chunk: Buffer) => {
      this.#waiting.push({ chunk, dueMs: systemClock.monotonicMs() + this.#latencyMs });
      this.#waitingBytes += chunk.length;
      this.#pump();
    });
    to.on('drain', () => this.#pump());
    from.once('close', () => clearTimeout(this.#timer));
  }

  change(latencyMs: number, isStalled: boolean): void {
    this.#latencyMs = latencyMs;
    this.#isStalled = isStalled;
    this.#pump();
  }

  /** Hands on what is due; the rest, and what would be too much, waits. */
  #pump(): void {
    clearTimeout(this.#timer);
    const nowMs = systemClock.monotonicMs();
    for (;;) {
      const [next] = this.#waiting;
      if (this.#isStalled || next === undefined || this.#to.writableNeedDrain) break;
      if (next.dueMs > nowMs) {
        this.#timer = setTimeout(() => this.#pump(), next.dueMs - nowMs);
        break;
      }
      this.#waiting.shift();
      this.#waitingBytes -= next.chunk.length;
      this.#to.write(next.chunk);
    }
    if (this.#waitingBytes < bufferedBytesMax) this.#from.resume();
    else this.#from.pause();
  }
}
