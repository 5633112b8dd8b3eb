/** Whatever is sent: never a crash, never a hang, always an answer of the API's own. */
import * as fc from 'fast-check';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { expect, test } from 'vitest';

import { operations } from '../src/openapi-operations.ts';
import { bodyBytesMax } from '../src/request-body.ts';
import { bodyFor, nameInUrl, queryFor } from './any-body.ts';
import { type ApiUnderTest, apiUnderTest } from './api-under-test.ts';
import { plugin, workerView } from './fake-cluster.ts';

/** Far more than any answer takes. */
const hangMs = 5_000;
const requestsOfEach = 200;
/** Of them all, beside other tests. */
const wholeMs = 60_000;

const contentType = fc.oneof(
  { weight: 5, arbitrary: fc.constant('application/json') },
  { weight: 1, arbitrary: fc.constantFrom(undefined, 'text/plain', 'application/json;x', '') },
);

/** With everything switched on that an operation may need to get past its first check. */
function under(): ApiUnderTest {
  const made = apiUnderTest({
    preview: async () => ({ records: [], end: { kind: 'ended', by: 'timeout' } }),
    runValidations: async (configs) => configs.map(() => undefined),
  });
  made.cluster.workers = [workerView('worker-1')];
  made.cluster.plugins = [
    plugin('com.acme.FileStreamSource', { aliases: ['FileStreamSource'], validates: true }),
  ];
  fill(made);
  return made;
}

/** Anew, whatever became of it. */
function fill({ cluster }: ApiUnderTest): void {
  cluster.connectors.clear();
  cluster.add('orders', { tasks: 2 });
  cluster.add('stopped');
  cluster.stop('stopped', { type: 'sink' });
}

const served = Object.entries(operations).flatMap(([name, operation]) =>
  operation ? [[name, operation] as const] : [],
);

test.each(served)(
  '%s',
  async (name, operation) => {
    const made = under();
    await fc.assert(
      fc.asyncProperty(
        fc.array(nameInUrl, { minLength: 2, maxLength: 2 }),
        queryFor(operation),
        bodyFor(operation),
        contentType,
        async (names, parameters, body, type) => {
          fill(made);
          const [method, url] = split(name);
          const left = [...names];
          const path = url.replaceAll(/:\w+/g, () => encoded(left.shift() ?? ''));
          const search = parameters.map(([key, value]) => `${key}=${encoded(value)}`).join('&');
          const headers = type === undefined ? {} : { 'content-type': type };
          const request = `${method} ${path}${search === '' ? '' : `?${search}`}`;
          assertAnswered(await withinLimit(made.call(request, body, { headers })));
        },
      ),
      { numRuns: requestsOfEach },
    );
  },
  wholeMs,
);

/** Methods whose bodies are read at all. */
const withBody = served.map(([name]) => name).filter((name) => !name.startsWith('GET '));

test.each(withBody)('%s with a body that is too large', async (name) => {
  const [method, url] = split(name);
  const body = `{"name":"${'x'.repeat(bodyBytesMax)}"}`;
  const headers = { 'content-type': 'application/json' };
  const { call, cluster } = under();
  const response = await withinLimit(
    call(`${method} ${url.replaceAll(/:\w+/g, 'orders')}`, body, { headers }),
  );
  expect(response.statusCode).toBe(413);
  assertAnswered(response);
  expect(cluster.requests).toEqual([]);
});

function split(name: string): [method: NonNullable<InjectOptions['method']>, url: string] {
  return name.split(' ') as [NonNullable<InjectOptions['method']>, string];
}

/** Success, or the sender's fault in the shape of all errors: nothing that was sent is ours. */
function assertAnswered(response: LightMyRequestResponse): void {
  const { statusCode } = response;
  if (statusCode < 300) return;
  expect(statusCode, response.body).toBeGreaterThanOrEqual(400);
  expect(statusCode, response.body).toBeLessThan(500);
  const answer = response.json<{ error_code: unknown; message: unknown }>();
  expect(answer.error_code).toBe(statusCode);
  expect(typeof answer.message).toBe('string');
}

/** Half of a surrogate pair cannot be written as UTF-8. */
function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

async function withinLimit<Answer>(answer: Promise<Answer>): Promise<Answer> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${hangMs} ms`)), hangMs);
  try {
    return await Promise.race([answer, promise]);
  } finally {
    clearTimeout(timer);
  }
}
