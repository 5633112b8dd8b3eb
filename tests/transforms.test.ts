/**
 * A pipeline with transforms on both sides, through a real cluster and the log on Redis: a file whose comments are
 * dropped becomes structs in another topic, and those become lines again.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { type Cluster, makeOwnedFolder, startCluster, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { showLogsOnFailure } from './support/cluster-facts.ts';

const folder = makeOwnedFolder('transforms');
const input = join(folder, 'in.txt');
const output = join(folder, 'out.txt');
const raw = join(folder, 'raw.txt');
let cluster: Cluster;

beforeAll(async () => {
  // Nobody is killed, and on a busy machine nobody is to be taken for dead.
  cluster = await startCluster({ workers: 1, profile: 'default' });
});

afterAll(async () => {
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => showLogsOnFailure(cluster));

const json = { 'value.converter': 'org.apache.kafka.connect.json.JsonConverter' };
const text = { 'value.converter': 'org.apache.kafka.connect.storage.StringConverter' };

const source = {
  'connector.class': 'FileStreamSource',
  file: input,
  topic: 'lines',
  ...json,
  transforms: 'hoist,clean,origin,route',
  'transforms.hoist.type': 'org.apache.kafka.connect.transforms.HoistField$Value',
  'transforms.hoist.field': 'line',
  'transforms.clean.type': 'io.sluice.transforms.Expression$Value',
  'transforms.clean.filter': "!value.line.startsWith('#')",
  'transforms.clean.set.length': 'size(value.line)',
  'transforms.origin.type': 'InsertField$Value',
  'transforms.origin.static.field': 'origin!',
  'transforms.origin.static.value': 'file',
  'transforms.route.type': 'RegexRouter',
  'transforms.route.regex': '(.*)',
  'transforms.route.replacement': 'clean-$1',
};

/** Lines again, those of odd length masked. */
const sink = {
  'connector.class': 'FileStreamSink',
  topics: 'clean-lines',
  file: output,
  ...json,
  transforms: 'mask,extract',
  'transforms.mask.type': 'MaskField$Value',
  'transforms.mask.fields': 'line',
  'transforms.mask.replacement': '***',
  'transforms.mask.predicate': 'isEven',
  'transforms.mask.negate': 'true',
  'transforms.extract.type': 'ExtractField$Value',
  'transforms.extract.field': 'line',
  predicates: 'isEven',
  'predicates.isEven.type': 'io.sluice.transforms.predicates.Expression',
  'predicates.isEven.expression': 'value.length % 2 == 0',
};

function lines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(0, -1);
  } catch {
    return [];
  }
}

test('records are transformed on their way in and out, and dropped ones hold nothing up', async () => {
  writeFileSync(input, ['# comment', 'four', 'three', '# end', 'sixsix', ''].join('\n'));
  await cluster.apply('lines-in', source);
  await cluster.apply('lines-out', sink);
  await cluster.apply('lines-raw', {
    'connector.class': 'FileStreamSink',
    topics: 'clean-lines',
    file: raw,
    ...text,
  });
  await waitFor(() => lines(output).length, {
    what: 'three lines to arrive',
    until: (count) => count >= 3,
    timeoutMs: 30_000,
  });
  expect(lines(output)).toEqual(['four', '***', 'sixsix']);

  await waitFor(() => lines(raw).length, {
    what: 'three records to be written as they are',
    until: (count) => count >= 3,
    timeoutMs: 30_000,
  });
  expect(JSON.parse(lines(raw)[0] ?? '')).toEqual({
    schema: {
      type: 'struct',
      optional: false,
      fields: [
        { type: 'string', optional: false, field: 'line' },
        { type: 'int64', optional: true, field: 'length' },
        { type: 'string', optional: false, field: 'origin' },
      ],
    },
    payload: { line: 'four', length: 4, origin: 'file' },
  });
});

test('a definition whose transforms are wrong is refused, and every problem is named', async () => {
  const { body, status } = await cluster.api.post<{ message: string }>('/connectors', {
    name: 'wrong',
    config: {
      ...source,
      'transforms.clean.filter': 'value.line.startsWith(',
      'transforms.route.regex': '(',
      'transforms.hoist.type': 'NoSuchTransform',
    },
  });
  expect(status).toBe(400);
  expect(body.message).toContain('contains the following 3 error(s)');
  for (const said of [
    'Invalid value NoSuchTransform for configuration transforms.hoist.type: Class NoSuchTransform could not be found.',
    'for configuration transforms.clean.filter:',
    'Invalid value ( for configuration transforms.route.regex: Invalid regex:',
  ])
    expect(body.message).toContain(said);
});
