/** What answers where Kafka Connect is said to be may be older, busy, or something else. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';

import { KafkaConnectClient } from '../src/transfer/kafka-connect.ts';

/** Answers the requests one after the other, the last of the answers again and again. */
async function connectThat(
  ...answers: ((response: ServerResponse) => void)[]
): Promise<KafkaConnectClient> {
  let asked = 0;
  const server = createServer((_request, response) => {
    answers[Math.min(asked, answers.length - 1)]?.(response);
    asked += 1;
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return new KafkaConnectClient(`http://127.0.0.1:${port}`);
}

function says(value: unknown, status = 200): (response: ServerResponse) => void {
  return (response) => response.writeHead(status).end(JSON.stringify(value));
}

const stopped = { connector: { state: 'STOPPED' }, tasks: [] };
const conflict = says({ error_code: 409, message: 'Cannot complete request momentarily' }, 409);

test('a change that is refused during a rebalance is asked for again', async () => {
  const connect = await connectThat(conflict, conflict, says({}, 202), conflict, says(stopped));
  await connect.stop('orders');
});

describe('a list of connectors', () => {
  test.each([
    ['of names alone', ['orders']],
    ['that is nothing', null],
    ['that is a text', 'ready'],
  ])('%s is of another release, or of something else', async (_what, value) => {
    const connect = await connectThat(says(value));
    await expect(connect.connectors()).rejects.toThrow(/as Kafka Connect does from 2\.3 on/);
  });

  test.each([
    ['nothing', null],
    ['no configuration', { status: stopped }],
    ['another configuration', { info: { config: { a: { b: 'c' } } }, status: stopped }],
  ])('that says %s of one of them names it', async (_what, value) => {
    const connect = await connectThat(says({ orders: value }));
    await expect(connect.connectors()).rejects.toThrow(/does not tell the configuration of orders/);
  });

  test('has texts as values, and leaves keys without any out', async () => {
    const config = { 'tasks.max': 3, transforms: null, flag: true };
    const connect = await connectThat(says({ orders: { info: { config }, status: null } }));
    expect(await connect.connectors()).toEqual([
      {
        name: 'orders',
        config: { 'tasks.max': '3', flag: 'true' },
        type: 'unknown',
        targetState: 'STARTED',
        isStopped: false,
      },
    ]);
  });
});

test('an answer that is cut short is told as one that does not come', async () => {
  const connect = await connectThat((response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{', () => response.destroy());
  });
  await expect(connect.connectors()).rejects.toThrow(/^cannot reach Kafka Connect/);
});

test.each([null, [], 'none'])('offsets that come as %j have another form', async (value) => {
  const connect = await connectThat(says(value));
  await expect(connect.offsets('orders')).rejects.toThrow(/its answer has another form/);
});
