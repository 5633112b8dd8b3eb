/** Whatever is sent: never a crash, never a hang, always an answer of the API's own. */
import * as fc from 'fast-check';
import type { InjectOptions } from 'fastify';
import { expect, test } from 'vitest';

import { operations } from '../src/openapi-operations.ts';
import { type ApiUnderTest, apiUnderTest } from './api-under-test.ts';
import { plugin } from './fake-cluster.ts';

/** Far more than any answer takes. */
const hangMs = 5_000;
/** For each operation sixty servers are built, beside other tests. */
const wholeMs = 60_000;

const oddText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom(
    'orders',
    'stopped',
    'none',
    '',
    ' ',
    '..',
    '%',
    '%00',
    '__proto__',
    'constructor',
  ),
  fc.constantFrom(
    'toString',
    'a/b',
    '注文',
    '\ud800',
    'x'.repeat(20_000),
    'FileStreamSource',
    'root',
  ),
);
const oddNumber = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(0, -1, 2 ** 53, 1e308, 2 ** 31),
);
const anyJson = fc.oneof(
  fc.jsonValue({ maxDepth: 5 }),
  oddText,
  oddNumber,
  fc.dictionary(oddText, fc.oneof(oddText, oddNumber, fc.boolean(), fc.constant(null))),
);
/** Right in parts, so that what is behind the first check is reached too. */
const nearlyRight = fc.record(
  {
    name: fc.oneof(oddText, anyJson),
    config: fc.oneof(fc.dictionary(oddText, oddText), anyJson),
    'connector.class': fc.oneof(fc.constant('FileStreamSource'), oddText),
    initial_state: fc.oneof(fc.constantFrom('running', 'STOPPED'), anyJson),
    level: fc.oneof(fc.constantFrom('debug', 'OFF'), anyJson),
    definitions: fc.oneof(fc.array(anyJson, { maxLength: 3 }), anyJson),
    offsets: fc.array(
      fc.record(
        {
          partition: fc.oneof(
            fc.record({ kafka_topic: anyJson, kafka_partition: anyJson }, { requiredKeys: [] }),
            anyJson,
          ),
          offset: fc.oneof(fc.record({ kafka_offset: anyJson }), anyJson),
        },
        { requiredKeys: [] },
      ),
      { maxLength: 3 },
    ),
  },
  { requiredKeys: [] },
);
const deep = fc
  .tuple(fc.integer({ min: 1, max: 200_000 }), fc.constantFrom(['[', ']'], ['{"a":', '}']))
  .map(([depth, [open, close]]) => `${open?.repeat(depth)}1${close?.repeat(depth)}`);
const payload = fc.option(
  fc.oneof(
    { weight: 4, arbitrary: nearlyRight.map((value) => JSON.stringify(value)) },
    { weight: 3, arbitrary: anyJson.map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: oddText },
    { weight: 1, arbitrary: deep },
  ),
  { nil: undefined },
);
const query = fc.array(
  fc.tuple(
    fc.constantFrom(
      'expand',
      'includeTasks',
      'onlyFailed',
      'connectorsOnly',
      'scope',
      'limit',
      'state',
      'x',
    ),
    fc.oneof(oddText, fc.constantFrom('true', 'False', 'status', 'cluster', '1')),
  ),
  { maxLength: 3 },
);
const contentType = fc.constantFrom(
  undefined,
  'application/json',
  'text/plain',
  'application/json;x',
  '',
);

function under(): ApiUnderTest {
  const made = apiUnderTest();
  made.cluster.add('orders', { tasks: 2 });
  made.cluster.add('stopped');
  made.cluster.stop('stopped', { type: 'sink' });
  made.cluster.plugins = [plugin('com.acme.FileStreamSource', { aliases: ['FileStreamSource'] })];
  return made;
}

test.each(Object.keys(operations))(
  '%s',
  async (operation) => {
    const [method, url] = operation.split(' ') as [NonNullable<InjectOptions['method']>, string];
    await fc.assert(
      fc.asyncProperty(
        fc.array(oddText, { minLength: 2, maxLength: 2 }),
        query,
        payload,
        contentType,
        async (names, parameters, body, type) => {
          const { call } = under();
          const left = [...names];
          const path = url.replaceAll(/:\w+/g, () => encoded(left.shift() ?? ''));
          const search = parameters.map(([name, value]) => `${name}=${encoded(value)}`).join('&');
          const headers = type === undefined ? {} : { 'content-type': type };
          const response = await withinLimit(
            call(`${method} ${path}${search === '' ? '' : `?${search}`}`, body, { headers }),
          );
          const { statusCode } = response;
          if (statusCode < 300) return;
          expect(statusCode, response.body).toBeGreaterThanOrEqual(400);
          const answer = response.json<{ error_code: unknown; message: unknown }>();
          expect(answer.error_code).toBe(statusCode);
          expect(typeof answer.message).toBe('string');
          // A class that is not known is 500 in Kafka Connect; everything else is the sender's fault.
          if (statusCode >= 500) expect(answer.message).toContain('Failed to find any class');
        },
      ),
      { numRuns: 60 },
    );
  },
  wholeMs,
);

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
