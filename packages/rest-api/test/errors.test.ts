import { connect } from 'node:net';
import { type Logger, silentLogger } from '@sluice/kernel';
import { FakeClock } from '@sluice/kernel/testing';
import { expect, test } from 'vitest';
import { apiUnderTest } from './api-under-test.ts';

test('an unknown route is not found, in the shape of all errors', async () => {
  const { call } = apiUnderTest();
  const response = await call('GET /connector?password=x');
  expect(response.statusCode).toBe(404);
  expect(response.headers['content-type']).toContain('application/json');
  expect(response.json()).toEqual({
    error_code: 404,
    message: 'HTTP 404 Not Found: no resource at GET /connector',
  });
});

test('a method that a resource does not have is 405 and tells those that it has', async () => {
  const { call } = apiUnderTest();
  const response = await call('DELETE /connectors');
  expect(response.statusCode).toBe(405);
  expect(response.headers.allow).toBe('GET, POST');
  expect(response.json()).toEqual({
    error_code: 405,
    message: 'HTTP 405 Method Not Allowed: DELETE; use GET, POST',
  });
});

test('a url that cannot be decoded is 400', async () => {
  const { call } = apiUnderTest();
  const response = await call('GET /connectors/%ff/status');
  expect(response.statusCode).toBe(400);
  expect(response.json()).toMatchObject({ error_code: 400 });
});

test.each([
  ['/connectors', 'GET, HEAD, POST, OPTIONS'],
  ['/connectors/orders/config/', 'GET, HEAD, PUT, PATCH, OPTIONS'],
  ['/connectors/orders/pause', 'PUT, OPTIONS'],
])('OPTIONS of %s tells its methods', async (url, methods) => {
  const { call } = apiUnderTest();
  const response = await call(`OPTIONS ${url}`);
  expect(response.statusCode).toBe(200);
  expect(response.headers.allow).toBe(methods);
  expect(response.headers['content-type']).toContain('text/plain');
  expect(response.body).toBe(methods);
});

test('HEAD answers what GET does, without a body', async () => {
  const { call } = apiUnderTest();
  const response = await call('HEAD /connectors');
  expect(response.statusCode).toBe(200);
  expect(response.body).toBe('');
});

test.each([
  [
    '{"name": "orders", "config": {"password": "hunter2" "topic": "x"}}',
    /JSON: Expected ',' or '}'/,
  ],
  ['{"name": orders, "password": "hunter2"}', /JSON: Unexpected token/],
  ['{"password": "hunter2"', /JSON: /],
  ['nonsense', /JSON: Unexpected token/],
])(
  'a body that is not JSON is 400 and says what is wrong, without quoting: %s',
  async (payload, reason) => {
    const { call } = apiUnderTest();
    const headers = { 'content-type': 'application/json' };
    const response = await call('POST /connectors', payload, { headers });
    expect(response.statusCode).toBe(400);
    const { message } = response.json<{ message: string }>();
    expect(message).toMatch(/^Request body is not valid JSON: /);
    expect(message).toMatch(reason);
    expect(message).not.toContain('hunter2');
  },
);

test.each([65, 3_000, 200_000])('a body that is nested %i times is 400', async (depth) => {
  const { call } = apiUnderTest();
  const payload = `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
  const headers = { 'content-type': 'application/json' };
  for (const request of ['POST /connectors', 'PATCH /connectors/orders/offsets']) {
    const response = await call(request, payload, { headers });
    expect(response.json()).toEqual({
      error_code: 400,
      message: 'Request body is nested deeper than 64 levels',
    });
  }
});

test('brackets within texts nest nothing', async () => {
  const { call } = apiUnderTest();
  const config = { 'connector.class': 'X', a: '{'.repeat(200), b: '\\"['.repeat(200) };
  const response = await call('POST /connectors', { name: 'orders', config });
  expect(response.statusCode).toBe(201);
});

test('a body with the key __proto__ is 400', async () => {
  const { call } = apiUnderTest();
  const payload = '{"name": "orders", "config": {"__proto__": {"a": "b"}}}';
  const headers = { 'content-type': 'application/json' };
  const response = await call('POST /connectors', payload, { headers });
  expect(response.statusCode).toBe(400);
  expect(response.json()).toMatchObject({ message: 'Request body contains the key "__proto__"' });
});

const definition = '{"name": "orders", "config": {"connector.class": "X"}}';

test.each([
  undefined,
  'application/json',
  'application/json; charset=utf-8',
  'application/vnd.api+json',
  'APPLICATION/JSON',
])('a body of type %s is read as JSON', async (contentType) => {
  const { call } = apiUnderTest();
  const headers = contentType === undefined ? {} : { 'content-type': contentType };
  const response = await call('POST /connectors', definition, { headers });
  expect(response.statusCode).toBe(201);
});

test('a body of another type is 415 with the remedy', async () => {
  const { call } = apiUnderTest();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const response = await call('POST /connectors', definition, { headers });
  expect(response.statusCode).toBe(415);
  expect(response.json()).toEqual({
    error_code: 415,
    message:
      'HTTP 415 Unsupported Media Type: "application/x-www-form-urlencoded"; send application/json',
  });
});

test.each(['application/json', 'application/x-www-form-urlencoded', 'text/plain'])(
  'an action without a body works whatever type it claims: %s',
  async (contentType) => {
    const { cluster, call } = apiUnderTest();
    cluster.add('orders');
    const headers = { 'content-type': contentType };
    expect((await call('PUT /connectors/orders/pause', '', { headers })).statusCode).toBe(202);
    expect((await call('POST /connectors/orders/restart', '', { headers })).statusCode).toBe(204);
  },
);

test('a body over the limit is 413', async () => {
  const { call } = apiUnderTest();
  const payload = JSON.stringify({ name: 'x', config: { big: 'x'.repeat(11 * 1024 * 1024) } });
  const headers = { 'content-type': 'application/json' };
  const response = await call('POST /connectors', payload, { headers });
  expect(response.statusCode).toBe(413);
  expect(response.json()).toMatchObject({ error_code: 413 });
});

test.each([
  'GET /connectors',
  'GET /connectors/orders/status',
  'PUT /connectors/orders/pause',
  'GET /sluice/workers',
  'GET /sluice/events',
])('while the store does not answer, %s is 503 and says which', async (request) => {
  const { cluster, call } = apiUnderTest();
  cluster.isReachable = false;
  const response = await call(request);
  expect(response.statusCode).toBe(503);
  expect(response.headers['retry-after']).toBe('1');
  expect(response.json()).toEqual({
    error_code: 503,
    message: 'Redis at 127.0.0.1:1 does not answer',
  });
});

test.each(['GET /connectors', 'PUT /connectors/orders/pause', 'GET /sluice/events'])(
  'when nothing ever answers, %s times out instead of hanging',
  async (request) => {
    const clock = new FakeClock();
    const { cluster, call } = apiUnderTest({ clock, requestTimeoutMs: 500 });
    cluster.isHanging = true;
    const response = call(request);
    await cluster.asked;
    await clock.advance(3_000);
    expect((await response).statusCode).toBe(500);
    expect((await response).json<{ message: string }>().message).toMatch(/^Request timed out\. /);
  },
);

test('an error that nobody expected is 500, and is logged without the query', async () => {
  const logged: object[] = [];
  const logger: Logger = { ...silentLogger, warn: (fields) => logged.push(fields) };
  const { cluster, call } = apiUnderTest({ logger });
  cluster.snapshot = async () => {
    throw new TypeError('something is undefined');
  };
  const response = await call('GET /connectors?expand=status');
  expect(response.statusCode).toBe(500);
  expect(response.json()).toEqual({ error_code: 500, message: 'something is undefined' });
  expect(logged).toEqual([
    { method: 'GET', path: '/connectors', status: 500, error: 'something is undefined' },
  ]);
});

async function answerTo(bytes: string): Promise<string> {
  const { api } = apiUnderTest();
  const { port } = new URL(await api.listen({ host: '127.0.0.1', port: 0 }));
  const socket = connect(Number(port), '127.0.0.1');
  socket.write(bytes);
  const answer = Buffer.concat(await socket.toArray()).toString();
  await api.close();
  return answer;
}

test.each([
  ['NONSENSE\r\n\r\n', 400],
  [`GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'x'.repeat(100_000)}\r\n\r\n`, 431],
  ['GET / HTTP/1.1\r\n\r\n', 400],
  ['POST /connectors HTTP/1.1\r\nHost: localhost\r\nExpect: more\r\n\r\n', 417],
])('what is no right HTTP request gets the shape of all errors', async (bytes, status) => {
  const answer = await answerTo(bytes);
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ error_code: status });
});

test('requests that come at once on one connection are carried out in their order', async () => {
  const body = '{"name": "orders", "config": {"connector.class": "X"}}';
  const answer = await answerTo(
    `POST /connectors HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}` +
      'DELETE /connectors/orders HTTP/1.1\r\nHost: localhost\r\n\r\n' +
      'GET /connectors/orders HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
  );
  expect(Array.from(answer.matchAll(/HTTP\/1.1 (\d+)/g), ([, status]) => status)).toEqual([
    '201',
    '204',
    '404',
  ]);
});

test('a body may begin with a byte order mark', async () => {
  const { call } = apiUnderTest();
  const response = await call('POST /connectors', Buffer.from(`\uFEFF${definition}`));
  expect(response.statusCode).toBe(201);
});

test('a body that is not UTF-8 is 400, and nothing of it is stored', async () => {
  const { call, cluster } = apiUnderTest();
  const response = await call(
    'POST /connectors',
    Buffer.from(definition.replace('orders', 'öl'), 'latin1'),
  );
  expect(response.statusCode).toBe(400);
  expect(response.json()).toEqual({ error_code: 400, message: 'Request body is not UTF-8' });
  expect(cluster.connectors.size).toBe(0);
});
