/** MySQL itself, which Debian has no package of: `MYSQL_URL` names a server with all privileges and a log of rows. */
import type { SourceOffsetValue } from '@sluice/connector-api';
import { useMariadb } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { mysqlConnector } from '../src/index.ts';
import { Capture, configOf } from './capture.ts';

const url = process.env['MYSQL_URL'] ?? '';

test.skipIf(url === '')(
  'MySQL proper (needs MYSQL_URL): snapshot, changes, and a start within a transaction',
  async () => {
    await using server = await useMariadb();
    const own = await server.createDatabase('proper');
    const name = new URL(own).pathname.slice(1);
    const sql = (text: string): Promise<string> => server.sql(text, name);
    await sql(`CREATE TABLE item (id int PRIMARY KEY, big bigint unsigned, d decimal(12,3), at datetime(6), ts timestamp(3) NULL,
        e enum('a','b'), s set('x','y'), b bit(9), bin binary(4), t varchar(20) CHARACTER SET latin1, tim time(2)) CHARACTER SET utf8mb4;
      INSERT INTO item VALUES (1, 18446744073709551615, -1.5, '2024-05-06 07:08:09.123456', '2024-05-06 07:08:09.5', 'b', 'x,y', b'100000001', 'ab', 'ü', '-01:02:03.25')`);
    const config = {
      ...configOf(own),
      'connector.class': 'io.debezium.connector.mysql.MySqlConnector',
    };
    const validated = await mysqlConnector.validate?.(config, {
      signal: new AbortController().signal,
      logger: { debug() {}, info() {}, warn() {}, error() {} },
    });
    expect(validated).toEqual([]);
    let offset: SourceOffsetValue | undefined;
    {
      await using capture = await Capture.start(config, { plugin: mysqlConnector });
      await capture.untilCount(`${name}.item`, 1);
      await sql('UPDATE item SET id = 2; ALTER TABLE item ADD COLUMN more int');
      await sql(
        'BEGIN; INSERT INTO item (id) VALUES (3); INSERT INTO item (id, more) VALUES (4, 5), (6, 7); COMMIT',
      );
      const changes = await capture.untilCount(`${name}.item`, 6);
      expect(changes.map(({ op }) => op)).toEqual(['r', 'd', 'c', 'c', 'c', 'c']);
      const { id: _, ...read } = changes[0]?.after ?? {};
      const { id: __, ...logged } = changes[2]?.after ?? {};
      expect(logged).toEqual(read);
      expect(changes[4]?.after).toMatchObject({ id: 4, more: 5 });
      expect(changes[4]?.source).toMatchObject({ connector: 'mysql' });
      offset = capture.records.findLast(
        ({ key }) => (key as { id: number }).id === 4,
      )?.sourceOffset;
    }
    await using again = await Capture.start(config, { offset, plugin: mysqlConnector });
    expect((await again.untilCount(`${name}.item`, 1))[0]?.after).toMatchObject({ id: 6, more: 7 });
  },
);
