import { Buffer } from 'node:buffer';
import { connect as connectTcp, type Socket } from 'node:net';
import type { Clock } from '@sluice/kernel';

import { createSocketFactory, type KafkajsSocketFactory } from './internals.ts';

/** What is read at once; more does not fit into the caches of a core. */
const readBytes = 64 * 1024;
/** As kafkajs. */
const keepAliveMs = 60_000;

/**
 * The socket of one connection. A plain one reads all that arrives into one buffer, which is free again when
 * `onData` returns. One with TLS is made by kafkajs's factory and emits `data`; below it is a TCP socket of
 * ours, because one that TLS makes itself cannot be reset.
 */
export class BrokerSocket {
  readonly #onData: (bytes: Buffer) => void;
  readonly #onClose: () => void;
  #socket: Socket | undefined;
  /** The same, or what is below TLS. */
  #tcp: Socket | undefined;
  /** The first one, as Node has it: kafkajs leaves out what TLS says. */
  error: Error | undefined;

  constructor(on: { readonly data: (bytes: Buffer) => void; readonly close: () => void }) {
    this.#onData = on.data;
    this.#onClose = on.close;
  }

  /** For kafkajs; called once. */
  open(facts: Parameters<KafkajsSocketFactory>[0]): Socket {
    let socket: Socket;
    if (facts.ssl === null) {
      socket = this.#openPlain(facts);
      this.#tcp = socket;
    } else {
      const create = createSocketFactory();
      this.#tcp = connectTcp({ host: facts.host, port: facts.port });
      this.#tcp.on('error', () => {}); // Told by the TLS socket as well.
      socket = create({ ...facts, ssl: { ...facts.ssl, socket: this.#tcp } });
    }
    this.#socket = socket;
    this.#tcp.setNoDelay(true);
    socket.on('error', (error) => {
      this.error ??= error;
    });
    socket.on('close', () => this.#onClose());
    return socket;
  }

  #openPlain({ host, port, onConnect }: Parameters<KafkajsSocketFactory>[0]): Socket {
    const buffer = Buffer.allocUnsafeSlow(readBytes);
    const callback = (bytes: number): boolean => {
      this.#onData(buffer.subarray(0, bytes));
      return true;
    };
    const socket = connectTcp({ host, port, onread: { buffer, callback } }, onConnect);
    return socket.setKeepAlive(true, keepAliveMs);
  }

  get hasSent(): boolean {
    return this.#tcp !== undefined && this.#tcp.bytesWritten > 0;
  }

  /** In one packet, if it fits. */
  write(header: Buffer, body: Uint8Array): void {
    this.#socket?.cork();
    this.#socket?.write(header);
    this.#socket?.write(body);
    this.#socket?.uncork();
  }

  /** Lets what was written leave; after `limitMs` it is reset. */
  end(clock: Clock, limitMs: number): void {
    this.#socket?.destroySoon();
    const timer = clock.after(limitMs, () => this.reset());
    this.#socket?.once('close', () => timer.cancel());
  }

  /** Nothing that is still on this machine leaves any more. */
  reset(): void {
    const tcp = this.#tcp;
    if (tcp === undefined || tcp.destroyed) return;
    // Before it is connected, a reset would wait for that. The error ends kafkajs's own waiting.
    if (tcp.connecting) tcp.destroy(new Error('the connection was cut'));
    else tcp.resetAndDestroy();
    this.#socket?.destroy();
  }

  whenGone(): Promise<void> {
    const socket = this.#socket;
    if (socket === undefined || socket.closed) return Promise.resolve();
    return new Promise((resolve) => {
      socket.once('close', () => resolve());
    });
  }
}
