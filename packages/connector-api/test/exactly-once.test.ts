import { expect, test } from 'vitest';

import { boolean, defineSource, exactlyOnceProblems, type SourceRecord } from '../src/index.ts';
import { sourceContext } from './contexts.ts';

function sourceThat(hooks: Partial<Parameters<typeof defineSource>[0]>) {
  return { ...defineSource({ name: 'S', version: '1.0.0', config: {}, run: neverRuns }), ...hooks };
}

async function* neverRuns(): AsyncGenerator<never> {}

const required = { 'exactly.once.support': 'REQUIRED' };
const bounded = { 'transaction.boundary': 'Connector' };

test('a plugin is asked only for what its definition wants', () => {
  const plugin = defineSource({ name: 'S', version: '1.0.0', config: {}, run: neverRuns });
  expect(exactlyOnceProblems(plugin, {})).toEqual([]);
  expect(
    exactlyOnceProblems(plugin, {
      'exactly.once.support': 'requested',
      'transaction.boundary': 'interval',
    }),
  ).toEqual([]);
  expect(exactlyOnceProblems(plugin, { ...required, ...bounded }).map(({ key }) => key)).toEqual([
    'exactly.once.support',
    'transaction.boundary',
  ]);
});

test('what a plugin supports may depend on its configuration', () => {
  const plugin = defineSource({
    name: 'S',
    version: '1.0.0',
    config: { follow: boolean().default(false) },
    exactlyOnceSupport: ({ config }) => (config.follow ? 'SUPPORTED' : 'UNSUPPORTED'),
    canDefineTransactionBoundaries: ({ config }) => (config.follow ? 'SUPPORTED' : 'UNSUPPORTED'),
    run: neverRuns,
  });
  const asked = { ...required, ...bounded };
  expect(exactlyOnceProblems(plugin, { ...asked, follow: 'true' })).toEqual([]);
  expect(exactlyOnceProblems(plugin, asked).map(({ message }) => message)).toEqual([
    'The connector does not support exactly-once semantics with the provided configuration.',
    'The connector does not support connector-defined transaction boundaries with the given configuration. ' +
      'Please reconfigure it to use a different transaction boundary definition.',
  ]);
});

test.each([
  [() => undefined as never, /^The connector does not implement the API required/],
  [
    () => 'PERHAPS' as never,
    /^An unexpected error occurred during validation: Unexpected value returned from exactlyOnceSupport: "PERHAPS"$/,
  ],
  [
    () => {
      throw new Error('broken');
    },
    /^An unexpected error occurred during validation: broken$/,
  ],
])('an answer that is none is told', (exactlyOnceSupport, message) => {
  const [problem] = exactlyOnceProblems(sourceThat({ exactlyOnceSupport }), required);
  expect(problem?.message).toMatch(message);
});

test('a generator ends transactions with the records that it yields', async () => {
  const plugin = defineSource({
    name: 'S',
    version: '1.0.0',
    config: {},
    async *run() {
      yield [
        { topic: 't', value: 1, offset: { n: 1 } },
        { topic: 't', value: 2, offset: { n: 2 }, transaction: 'commit' },
        { topic: 't', value: 3, offset: { n: 3 }, transaction: 'abort' },
      ];
    },
  });
  const ends: [string, unknown][] = [];
  const task = plugin.createTask();
  const context = {
    ...sourceContext().context,
    transactions: {
      commitTransaction: (record?: SourceRecord) => void ends.push(['commit', record]),
      abortTransaction: (record?: SourceRecord) => void ends.push(['abort', record]),
    },
  };
  await task.start({}, context);
  const records = (await task.poll()) ?? [];
  // The very records that the runtime is given, and without the author's own field.
  expect(ends).toEqual([
    ['commit', records[1]],
    ['abort', records[2]],
  ]);
  expect(ends[0]?.[1]).toBe(records[1]);
  expect(records[1]).not.toHaveProperty('transaction');
  await task.stop();
});
