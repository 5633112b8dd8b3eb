import type { ConnectorConfig, SourceOffsetValue, SourcePartition } from '@sluice/connector-api';
import { describe, expect, test } from 'vitest';
import { jdbcSource } from '../src/index.ts';
import { silent } from './databases.ts';

const partition = { protocol: '1', table: 'shop.public.orders' };

async function alter(
  offset: SourceOffsetValue | null,
  more: ConnectorConfig = {},
  of: SourcePartition = partition,
) {
  const config = {
    'connection.url': 'jdbc:postgresql://db/shop',
    'topic.prefix': 'shop-',
    mode: 'timestamp+incrementing',
    ...more,
  };
  return await jdbcSource.alterOffsets?.(config, [{ partition: of, offset }], {
    logger: silent,
    signal: AbortSignal.timeout(1_000),
  });
}

test.each<[SourceOffsetValue | null, ConnectorConfig, SourcePartition]>([
  [{ incrementing: 5, timestamp: 1_700_000_000_000, timestamp_nanos: 5_000 }, {}, partition],
  // As older versions of Confluent's connector have stored it.
  [{ incrementing: 5 }, { mode: 'incrementing' }, { table: 'orders' }],
  [{ incrementing: 2n ** 60n }, { mode: 'incrementing' }, partition],
  [{ timestamp: -5 }, { mode: 'timestamp' }, partition],
  [{ incrementing: 5, timestamp: 5 }, { mode: 'incrementing' }, partition],
  [{ incrementing: 5 }, { mode: 'incrementing', query: 'SELECT 1' }, { query: 'query' }],
  // A reset, also of what a former definition has left.
  [null, { mode: 'bulk' }, { query: 'query' }],
])('%o is taken', async (offset, config, of) => {
  expect(await alter(offset, config, of)).toBe(true);
});

describe('what no task could go on at is refused', () => {
  test.each<[SourceOffsetValue, ConnectorConfig, SourcePartition, RegExp]>([
    [{ incrementing: 5 }, {}, { filename: 'x' }, /"protocol":"1","table".*not \{"filename":"x"\}/],
    [{ incrementing: 5 }, {}, { protocol: '0', table: 'x' }, /"protocol":"1"/],
    [{ incrementing: 5 }, {}, { protocol: 2n ** 60n }, /1152921504606846976/],
    [{ incrementing: 5 }, {}, { query: 'query' }, /name of the table/],
    [{ incrementing: 5 }, { query: 'SELECT 1' }, partition, /\{"query":"query"\}, and not/],
    [{ incrementing: 5 }, { mode: 'bulk' }, partition, /bulk has no offsets/],
    [{ position: 5 }, {}, partition, /"position", which is not known: .*incrementing, timestamp/],
    [{ incrementing: 'a' }, { mode: 'incrementing' }, partition, /incrementing that is no whole/],
    [{ timestamp: 5 }, { mode: 'incrementing' }, partition, /no "incrementing"/],
    [{ incrementing: 5 }, {}, partition, /no "timestamp", by which mode=timestamp\+incr/],
    [{ timestamp: 5, timestamp_nanos: -1 }, {}, partition, /timestamp_nanos/],
    [{ timestamp: 5, timestamp_nanos: 1e9 }, {}, partition, /from 0 to 999999999/],
  ])('%o with %o of %o', async (offset, config, of, message) => {
    await expect(alter(offset, config, of)).rejects.toThrow(message);
  });
});
