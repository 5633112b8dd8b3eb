/** A Redis with queues, and a way to it that can be cut. */
import { type RedisHandle, TcpProxy } from '@sluice/testkit';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';

let lastQueue = 0;

export class QueueFixture implements AsyncDisposable {
  readonly name: string;
  readonly queue: Queue;
  readonly proxy: TcpProxy;
  readonly #connection: Redis;
  #added = 0;

  static async open(redis: RedisHandle): Promise<QueueFixture> {
    return new QueueFixture(redis, await TcpProxy.start(redis.port));
  }

  private constructor(redis: RedisHandle, proxy: TcpProxy) {
    lastQueue += 1;
    this.name = `queue-${String(lastQueue)}`;
    this.proxy = proxy;
    this.#connection = new Redis(redis.url, { maxRetriesPerRequest: null });
    this.#connection.on('error', () => {});
    this.queue = new Queue(this.name, { connection: this.#connection });
    this.queue.on('error', () => {});
  }

  get url(): string {
    return `redis://127.0.0.1:${String(this.proxy.port)}`;
  }

  /** Jobs with the data `{"n":1}`, `{"n":2}`, …; returns that as text. */
  async add(count: number): Promise<string[]> {
    const data = Array.from({ length: count }, () => ({ n: (this.#added += 1) }));
    await this.queue.addBulk(data.map((each) => ({ name: 'test', data: each })));
    return data.map((each) => JSON.stringify(each));
  }

  readonly fail = {
    begin: (): void => {
      this.proxy.refuseConnections();
      this.proxy.dropConnections();
    },
    end: (): Promise<void> => this.proxy.acceptConnections(),
  };

  readonly stall = {
    begin: (): void => this.proxy.disturb({ stalled: 'both' }),
    end: (): void => this.proxy.disturb({}),
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await this.queue.close();
    this.#connection.disconnect();
    await this.proxy[Symbol.asyncDispose]();
  }
}
