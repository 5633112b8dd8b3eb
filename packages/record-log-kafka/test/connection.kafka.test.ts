import { createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { SluiceError } from '@sluice/kernel';
import {
  freePort,
  type KafkaHandle,
  makeCertificate,
  startKafka,
  unsecuredToken,
} from '@sluice/testkit';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';

import { type BrokerConnection, openConnection } from '../src/kafkajs/connection.ts';
import type { ConnectionOptions } from '../src/kafkajs/connection-options.ts';
import { apiVersionsRequest } from '../src/wire/api-versions.ts';
import { fetchRequest } from '../src/wire/fetch.ts';
import { metadataRequest } from '../src/wire/metadata.ts';
import { produceRequest } from '../src/wire/produce.ts';
import { planRecordBatch } from '../src/wire/record-batch.ts';
import { createTopic, latestOffsets } from './open-shared.ts';

const server = makeCertificate(Date.now());
const client = makeCertificate(Date.now());
const stranger = makeCertificate(Date.now());
const password = 'wonder-land';
// A client that is held up must still be in time: it authenticates anew 1.8 s before the end.
const sessionMs = 3_000;

let kafka: KafkaHandle;
const opened: BrokerConnection[] = [];

beforeAll(async () => {
  kafka = await startKafka({
    listeners: {
      tls: { tls: server },
      mutual: { tls: server, clientAuthority: client.certificate },
      sasl: { sasl: ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] },
      scram: { sasl: ['SCRAM-SHA-512'] },
      both: { tls: server, sasl: ['SCRAM-SHA-512'] },
    },
    users: { alice: password },
    config: { 'connections.max.reauth.ms': String(sessionMs) },
  });
  await createTopic(await connected(), 'empty', { partitions: 1 });
}, 60_000);

afterEach(() => {
  for (const connection of opened.splice(0)) connection.destroy();
});

afterAll(async () => {
  await kafka?.stop();
});

function open(
  listener: string | number = 'plain',
  options: Partial<ConnectionOptions> = {},
): BrokerConnection {
  const [address = ''] =
    listener === 'plain'
      ? kafka.brokers
      : typeof listener === 'number'
        ? [`127.0.0.1:${listener}`]
        : kafka.listener(listener);
  const [host = '', port] = address.split(':');
  const connection = openConnection({
    host,
    port: Number(port),
    clientId: 'test',
    connectTimeoutMs: 20_000,
    requestTimeoutMs: 20_000,
    ...options,
  });
  opened.push(connection);
  return connection;
}

async function connected(...args: Parameters<typeof open>): Promise<BrokerConnection> {
  const connection = open(...args);
  await connection.connect();
  return connection;
}

async function refusal(action: Promise<unknown>): Promise<SluiceError> {
  const error = await action.then(
    () => new Error('it was not refused'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof SluiceError)) throw error;
  return error;
}

async function nextOffsets(topic: string, partitions: number): Promise<number[]> {
  const connection = await connected();
  const { offsets } = await connection.send(latestOffsets(topic, partitions));
  return offsets.map(({ offset }) => offset);
}

/** A fetch that the broker answers only when its time is over. */
const waiting = (waitMs: number) =>
  fetchRequest({
    waitMs,
    bytesMin: 1,
    bytesMax: 1_000,
    isolation: 'read_committed',
    topics: [{ topic: 'empty', partitions: [{ partition: 0, offset: 0, bytesMax: 1_000 }] }],
  });

const tls = { ca: server.certificate };
const scram = { mechanism: 'SCRAM-SHA-512', username: 'alice', password } as const;

test('many requests on one connection are answered in the order of the calls', async () => {
  const connection = await connected();
  expect(connection.isConnected).toBe(true);
  const order: number[] = [];
  await Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      const { brokers } = await connection.send(metadataRequest([]));
      expect(brokers).toHaveLength(1);
      order.push(index);
    }),
  );
  expect(order).toEqual(Array.from({ length: 200 }, (_, index) => index));
  expect(connection.inFlight).toBe(0);
});

test('an idle connection sets no timer', async () => {
  const connection = await connected();
  await connection.send(metadataRequest([]));
  const timers = [
    vi.spyOn(globalThis, 'setTimeout'),
    vi.spyOn(globalThis, 'setInterval'),
    vi.spyOn(globalThis, 'setImmediate'),
  ];
  try {
    await sleep(2_000);
    expect(timers.map(({ mock }) => mock.calls.length)).toEqual([0, 0, 0]);
  } finally {
    vi.restoreAllMocks();
  }
  expect(connection.isConnected).toBe(true);
});

test('a request that is not answered in time ends the connection, and all others on it', async () => {
  const connection = await connected();
  const closed = new Promise((resolve) => connection.onClose(resolve));
  const startedMs = performance.now();
  const [slow, behind] = await Promise.all([
    refusal(connection.send(waiting(15_000), { timeoutMs: 300 })),
    refusal(connection.send(metadataRequest([]))),
  ]);
  // Else by the answer, or by the limit of the other one.
  expect(performance.now() - startedMs).toBeLessThan(10_000);
  expect(slow).toMatchObject({ code: 'log.unreachable', retriable: true });
  expect(slow.message).toContain('has not answered a Fetch request within 300 ms');
  expect(behind).toBe(slow);
  expect(await closed).toBe(slow);
  expect(connection.isConnected).toBe(false);
  expect(await refusal(connection.send(metadataRequest([])))).toBe(slow);
});

test('a request may take longer than the default when it says so', async () => {
  const connection = await connected('plain', { requestTimeoutMs: 1_000 });
  const { errorCode } = await connection.send(waiting(1_500), { timeoutMs: 20_000 });
  expect(errorCode).toBe(0);
});

test('close lets what is in flight be answered', async () => {
  const connection = await connected();
  const answer = connection.send(waiting(600));
  const closing = connection.close();
  expect(connection.isConnected).toBe(false);
  expect((await refusal(connection.send(metadataRequest([])))).code).toBe('log.unreachable');
  expect((await answer).errorCode).toBe(0);
  await closing;
  await connection.close();
});

test.each([
  { how: 'without TLS', listener: 'plain', options: {} },
  { how: 'with TLS', listener: 'tls', options: { tls } },
])(
  'destroy refuses at once what is in flight, and nothing that was buffered leaves, $how',
  async ({ listener, options }) => {
    const topic = `cut-${listener}`;
    await createTopic(await connected(), topic, { partitions: 16 });
    const records = [{ key: null, value: Buffer.alloc(900_000) }];
    const batch = planRecordBatch({ records }, { nowMs: Date.now() });
    const partitions = Array.from({ length: 16 }, (_, partition) => ({ partition, batch }));
    // More than the sockets of this machine take.
    const produce = produceRequest({
      transactionalId: null,
      acks: -1,
      timeoutMs: 15_000,
      topics: [{ topic, partitions }],
    });
    const connection = await connected(listener, options);
    const refused = refusal(connection.send(produce));
    await sleep(1); // Some of it is on its way.
    connection.destroy();
    const destroyedMs = performance.now();
    expect((await refused).message).toContain('was cut');
    // Else by the limit of a request.
    expect(performance.now() - destroyedMs).toBeLessThan(10_000);
    await sleep(300);
    expect(await nextOffsets(topic, 16)).toEqual(partitions.map(() => 0));
    // It would have been taken.
    const another = await connected(listener, options);
    await another.send(produce, { timeoutMs: 30_000 });
    expect(await nextOffsets(topic, 16)).toEqual(partitions.map(() => 1));
  },
);

test('a port where nobody listens is named', async () => {
  const port = await freePort();
  expect(await refusal(open(port).connect())).toMatchObject({
    code: 'log.unreachable',
    retriable: true,
    message: `Kafka at 127.0.0.1:${port}, which holds the record log, does not answer (connect ECONNREFUSED 127.0.0.1:${port}): check that it runs and that the address is right`,
  });
});

test('with TLS, by a certificate of the client too', async () => {
  const connection = await connected('tls', { tls });
  expect((await connection.send(metadataRequest([]))).brokers).toHaveLength(1);
  const mutual = await connected('mutual', {
    tls: { ...tls, cert: client.certificate, key: client.key },
  });
  expect((await mutual.send(metadataRequest([]))).brokers).toHaveLength(1);
});

test.each([
  {
    what: 'an unknown authority',
    listener: 'tls',
    options: { tls: { ca: stranger.certificate } },
    says: /its certificate is not trusted .* KAFKA_SSL_CA_LOCATION/s,
  },
  {
    what: 'no certificate of the client',
    listener: 'mutual',
    options: { tls },
    says: /it wants a certificate of the client that it trusts \(ssl.client.auth\)/,
  },
  {
    what: 'a certificate of a client whom the broker does not trust',
    listener: 'mutual',
    options: { tls: { ...tls, cert: stranger.certificate, key: stranger.key } },
    says: /it wants a certificate of the client that it trusts/,
  },
  {
    what: 'TLS on a port without',
    listener: 'plain',
    options: { tls },
    says: /check that this port is one of a listener with SSL or SASL_SSL/,
  },
  { what: 'no TLS on a port with it', listener: 'tls', options: {}, says: /whether it wants TLS/ },
])('$what is told with its remedy', async ({ listener, options, says }) => {
  const error = await refusal(
    connected(listener, options).then((connection) => connection.send(metadataRequest([]))),
  );
  expect(error).toMatchObject({ code: 'log.unreachable', retriable: true });
  expect(error.message).toMatch(says);
});

test.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const)(
  '%s lets the right password in and no other',
  async (mechanism) => {
    const sasl = { mechanism, username: 'alice', password };
    const connection = await connected('sasl', { sasl });
    expect((await connection.send(metadataRequest([]))).brokers).toHaveLength(1);
    const error = await refusal(
      open('sasl', { sasl: { ...sasl, password: 'rabbit-hole' } }).connect(),
    );
    expect(error).toMatchObject({ code: 'log.forbidden', retriable: false });
    expect(error.message).toContain(`refuses authentication by ${mechanism}`);
    expect(JSON.stringify([error.message, error.details, String(error.cause)])).not.toContain(
      'rabbit-hole',
    );
  },
);

test('SCRAM works on top of TLS', async () => {
  const connection = await connected('both', { tls, sasl: scram });
  expect((await connection.send(metadataRequest([]))).brokers).toHaveLength(1);
});

test('OAUTHBEARER tells a token that was refused from one that was not obtained', async () => {
  const sasl = (token: () => Promise<string>) => ({
    sasl: { mechanism: 'OAUTHBEARER', token } as const,
  });
  const connection = await connected(
    'sasl',
    sasl(async () => unsecuredToken('alice', Date.now())),
  );
  expect((await connection.send(metadataRequest([]))).brokers).toHaveLength(1);
  const expired = sasl(async () => unsecuredToken('alice', Date.now() - 7_200_000));
  expect(await refusal(open('sasl', expired).connect())).toMatchObject({
    code: 'log.forbidden',
    message: expect.stringContaining('refuses authentication by OAUTHBEARER'),
  });
  const absent = sasl(async () => {
    throw new Error('the issuer is away');
  });
  expect(await refusal(open('sasl', absent).connect())).toMatchObject({
    code: 'log.unreachable',
    retriable: true,
    message: expect.stringContaining('the issuer is away'),
  });
});

test('a mechanism that the listener has not, SASL where there is none, and none where it is wanted, are told', async () => {
  const other = await refusal(open('scram', { sasl: { ...scram, mechanism: 'PLAIN' } }).connect());
  expect(other).toMatchObject({ code: 'log.forbidden' });
  expect(other.message).toContain('name one that the listener offers');
  const unwanted = await refusal(open('plain', { sasl: scram }).connect());
  expect(unwanted).toMatchObject({ code: 'log.forbidden' });
  expect(unwanted.message).toContain('leave SASL out');
  const connection = await connected('sasl');
  const missing = await refusal(connection.send(metadataRequest([])));
  expect(missing).toMatchObject({ code: 'log.unreachable' });
  expect(missing.message).toContain('check whether its listener wants SASL');
});

test('a session that ends is authenticated anew between requests, and their order is kept', async () => {
  const tokens = vi.fn(async () => unsecuredToken('alice', Date.now()));
  const send = async (sasl: ConnectionOptions['sasl']): Promise<void> => {
    const connection = await connected('sasl', { sasl });
    const order: number[] = [];
    const sent: Promise<unknown>[] = [];
    // Twice anew, both at a time.
    while (tokens.mock.calls.length < 3 && connection.isConnected) {
      for (let burst = 0; burst < 5; burst += 1) {
        const index = sent.length;
        const answered = connection.send(metadataRequest([])).then(() => order.push(index));
        // Told at the end, and once.
        answered.catch(() => {});
        sent.push(answered);
      }
      await sleep(20);
    }
    await Promise.all(sent);
    expect(order).toEqual(sent.map((_, index) => index));
    await connection.close();
  };
  await Promise.all([scram, { mechanism: 'OAUTHBEARER', token: tokens } as const].map(send));
});

test('a request in a version that the broker has not is refused here, with what it has', async () => {
  const connection = await connected();
  const request = { ...metadataRequest([]), apiVersion: 99 };
  const error = await refusal(connection.send(request));
  expect(error.code).toBe('log.unsupported');
  expect(error.message).toMatch(
    /^Kafka at 127\.0\.0\.1:\d+ has Metadata in versions 0 to \d+, and this Sluice speaks version 99:/,
  );
  expect((await connection.send(apiVersionsRequest())).errorCode).toBe(0);
});

test('an answer that cannot be read ends the connection', async () => {
  const connection = await connected();
  const request = {
    ...metadataRequest([]),
    decode: () => {
      throw new Error('nonsense');
    },
  };
  const [error, behind] = await Promise.all([
    refusal(connection.send(request)),
    refusal(connection.send(metadataRequest([]))),
  ]);
  expect(error.message).toContain('(nonsense): its answer to Metadata cannot be read');
  expect(behind).toBe(error);
});

async function listenWith(answer: string | Buffer): Promise<Server & { port: number }> {
  const listening = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', () => socket.write(answer));
  });
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const address = listening.address();
  return Object.assign(listening, { port: typeof address === 'object' ? (address?.port ?? 0) : 0 });
}

test.each([
  { what: 'another protocol', answer: 'HTTP/1.1 400 Bad Request\r\n\r\n', limitMs: 500 },
  {
    what: 'a length that cannot be',
    answer: Buffer.from('ffffff00ffffffff', 'hex'),
    limitMs: 5_000,
  },
  {
    what: 'an answer that nobody wants',
    answer: Buffer.from('0000000400ffffff', 'hex'),
    limitMs: 5_000,
  },
  {
    what: 'an answer without an end',
    answer: Buffer.from('00000008000000000000ffff', 'hex'),
    limitMs: 5_000,
  },
])('$what does not end the process', async ({ answer, limitMs }) => {
  const listening = await listenWith(answer);
  try {
    const error = await refusal(open(listening.port, { requestTimeoutMs: limitMs }).connect());
    expect(error).toMatchObject({ code: 'log.unreachable', retriable: true });
  } finally {
    listening.close();
  }
});

test('a broker that is killed ends the connection, once', async () => {
  const connection = await connected();
  const listener = vi.fn();
  connection.onClose(listener);
  const refused = refusal(connection.send(waiting(15_000)));
  await kafka.kill('SIGKILL');
  expect(await refused).toMatchObject({ code: 'log.unreachable', retriable: true });
  expect(listener).toHaveBeenCalledTimes(1);
  expect(connection.inFlight).toBe(0);
  connection.destroy();
  await connection.close();
  expect(listener).toHaveBeenCalledTimes(1);
});
