/** What the log says of columns by itself, and what it does not say of statements: tables that are easily read wrong. */
import { startMariadb } from '@sluice/testkit';
import { createConnection } from 'mysql2';
import { afterAll, describe, expect, test } from 'vitest';
import { Capture, configOf } from './capture.ts';

for (const metadata of ['NO_LOG', 'FULL'] as const)
  describe(`binlog_row_metadata=${metadata}`, async () => {
    const mariadb = await startMariadb({ config: [`--binlog-row-metadata=${metadata}`] });
    afterAll(() => mariadb[Symbol.asyncDispose]());

    async function database(name: string) {
      const url = await mariadb.createDatabase(name);
      const own = new URL(url).pathname.slice(1);
      return {
        url,
        item: `${own}.item`,
        sql: (text: string) => mariadb.sql(text, own),
      };
    }

    /** What a snapshot reads of a row and what the log has of the same one. */
    async function both(columns: string, values: string, more: Record<string, string> = {}) {
      const { item, sql, url } = await database('layout');
      await sql(
        `CREATE TABLE item (id int PRIMARY KEY, ${columns}) CHARACTER SET utf8mb4; INSERT INTO item VALUES (1, ${values})`,
      );
      const own = item.slice(0, -'.item'.length);
      const keys = Object.fromEntries(
        Object.entries(more).map(([key, value]) => [key, value.replaceAll('OWN', own)]),
      );
      await using capture = await Capture.start(configOf(url, keys));
      await capture.untilCount(item, 1);
      await sql(`INSERT INTO item VALUES (2, ${values})`);
      const [read, logged] = await capture.untilCount(item, 2);
      return { read: { ...read?.after, id: 0 }, logged: { ...logged?.after, id: 0 } };
    }

    test('hashes of unique texts are no columns, and sequences are no tables', async () => {
      const { logged, read } = await both(
        'note text, bytes blob, UNIQUE (note), UNIQUE (bytes, note)',
        "id, x'ff'",
      );
      expect(logged).toEqual({ ...read, note: '2' });
      const { item, sql, url } = await database('sequence');
      await sql('CREATE TABLE item (id int PRIMARY KEY); CREATE SEQUENCE numbers');
      await using capture = await Capture.start(configOf(url));
      await capture.untilStreaming();
      await sql('INSERT INTO item VALUES (NEXTVAL(numbers)); SELECT NEXTVAL(numbers)');
      await capture.untilCount(item, 1);
      expect(new Set(capture.records.map(({ topic }) => topic))).toEqual(new Set([`shop.${item}`]));
    });

    test('labels with quotes and backslashes, and decimals with zeros before them', async () => {
      const { logged, read } = await both(
        "path enum('a\\\\b', 'it''s', 'two\\nlines'), many set('c\\\\d', 'e'), price decimal(9,2) ZEROFILL, none decimal(5,0) ZEROFILL",
        "'a\\\\b', 'c\\\\d,e', 12.5, 0",
        { 'decimal.handling.mode': 'string' },
      );
      expect(logged).toEqual(read);
      expect(read).toMatchObject({ path: 'a\\b', many: 'c\\d,e', price: '12.50', none: '0' });
    });

    test('texts behind a geometry keep their character sets', async () => {
      const { logged, read } = await both(
        'place point, a varchar(20) CHARACTER SET latin1, shape geometry, b varchar(20), c varbinary(9), d text CHARACTER SET cp1251',
        "ST_GeomFromText('POINT(1 2)'), 'über', ST_GeomFromText('POINT(1 2)'), 'ü', x'ff', 'привет'",
      );
      expect(logged).toEqual(read);
      expect(read).toMatchObject({ a: 'über', b: 'ü', d: 'привет' });
    });

    test('numbers around a year keep their signs', async () => {
      const { logged, read } = await both(
        'a int unsigned, y year, b int, c int unsigned, z year, d int, e bigint unsigned',
        '4294967295, 2024, -1, 4294967295, 1999, -1, 7',
      );
      expect(logged).toEqual(read);
      expect(read).toMatchObject({ a: 4294967295, y: 2024, b: -1, c: 4294967295, d: -1 });
    });

    test('labels are read in the character set of their column', async () => {
      const { logged, read } = await both(
        "a enum('x', 'ü') CHARACTER SET latin1, b set('ж', 'x') CHARACTER SET cp1251, c enum('ü')",
        "'ü', 'ж,x', 'ü'",
      );
      expect(logged).toEqual(read);
      expect(read).toMatchObject({ a: 'ü', b: 'ж,x', c: 'ü' });
    });

    test('a compressed column that is left out is passed over', async () => {
      const { logged, read } = await both(
        'a text COMPRESSED, b varchar(300) COMPRESSED, c varchar(20)',
        "repeat('a', 500), repeat('b', 200), 'c'",
        { 'column.exclude.list': 'OWN.item.[ab]' },
      );
      expect(logged).toEqual(read);
      expect(read).toMatchObject({ c: 'c' });
    });

    test('a compressed column that is not left out is refused', async () => {
      const { sql, url } = await database('packed');
      await sql('CREATE TABLE item (id int PRIMARY KEY, a text COMPRESSED)');
      await using capture = await Capture.start(configOf(url));
      expect(await capture.untilFailure()).toMatch(/item\.a is of type .*column\.exclude\.list/);
    });

    test('a table is read right after SET STATEMENT … FOR ALTER TABLE', async () => {
      const { item, sql, url } = await database('setfor');
      await sql('CREATE TABLE item (id int PRIMARY KEY, a int, b int)');
      await using capture = await Capture.start(configOf(url, { 'skipped.operations': 'none' }));
      await capture.untilStreaming();
      await sql('INSERT INTO item VALUES (1, 1, 2)');
      await capture.untilCount(item, 1);
      await sql(
        'SET STATEMENT lock_wait_timeout = 5 FOR ALTER TABLE item RENAME COLUMN a TO b, RENAME COLUMN b TO a; INSERT INTO item (id, a, b) VALUES (2, 1, 2)',
      );
      expect((await capture.untilCount(item, 2))[1]?.after).toEqual({ id: 2, a: 1, b: 2 });
      await sql('SET STATEMENT lock_wait_timeout = 5 FOR TRUNCATE TABLE item');
      expect((await capture.untilCount(item, 3))[2]?.op).toBe('t');
    });

    /** By a client with this character set, in which the log has its statements. */
    async function sqlIn(charset: string, url: string, texts: readonly string[]): Promise<void> {
      const { hostname, password, pathname, port, username } = new URL(url);
      const connection = createConnection({
        host: hostname,
        port: Number(port),
        user: username,
        password,
        database: pathname.slice(1),
        charset,
      });
      for (const text of texts)
        await new Promise<void>((resolve, reject) =>
          connection.query(text, (error) => (error ? reject(error) : resolve())),
        );
      connection.destroy();
    }

    test.each(['LATIN1_SWEDISH_CI', 'UTF8MB4_GENERAL_CI', 'CP850_GENERAL_CI'])(
      'a table whose name is no ASCII is read right after a statement of a client with %s',
      async (charset) => {
        const { item, sql, url } = await database('names');
        const own = item.slice(0, -'.item'.length);
        const topic = `${own}.gr__e`;
        await sql('CREATE TABLE größe (id int PRIMARY KEY, a int, b int)');
        await using capture = await Capture.start(configOf(url));
        await capture.untilStreaming();
        await sql('INSERT INTO größe VALUES (1, 1, 2)');
        await capture.untilCount(topic, 1);
        await sqlIn(charset, url, [
          'ALTER TABLE größe RENAME COLUMN a TO ä, RENAME COLUMN b TO a',
          'INSERT INTO größe (id, ä, a) VALUES (2, 1, 2)',
        ]);
        expect((await capture.untilCount(topic, 2))[1]?.after).toEqual({ id: 2, ä: 1, a: 2 });
        await sqlIn(charset, url, [
          'DROP TABLE größe',
          'CREATE TABLE größe (id int PRIMARY KEY, ö int)',
          'INSERT INTO größe VALUES (3, 1)',
        ]);
        expect((await capture.untilCount(topic, 3))[2]?.after).toEqual({ id: 3, ö: 1 });
      },
    );

    test('a name without quotes may have characters that are no letters', async () => {
      const { item, sql, url } = await database('marks');
      const topic = `${item.slice(0, -'.item'.length)}._______`;
      await sql('CREATE TABLE ที่อยู่ (id int PRIMARY KEY, a int, b int)');
      await using capture = await Capture.start(configOf(url));
      await capture.untilStreaming();
      await sql('INSERT INTO ที่อยู่ VALUES (1, 1, 2)');
      await capture.untilCount(topic, 1);
      await sql(
        'ALTER TABLE ที่อยู่ RENAME COLUMN a TO b, RENAME COLUMN b TO a; INSERT INTO ที่อยู่ (id, a, b) VALUES (2, 1, 2)',
      );
      expect((await capture.untilCount(topic, 2))[1]?.after).toEqual({ id: 2, a: 1, b: 2 });
    });

    test('a unique index of a text that comes or goes makes and takes a column of the log', async () => {
      const { item, sql, url } = await database('index');
      await sql('CREATE TABLE item (id int PRIMARY KEY, note text)');
      await using capture = await Capture.start(configOf(url));
      await capture.untilStreaming();
      await sql("INSERT INTO item VALUES (1, 'a')");
      await capture.untilCount(item, 1);
      await sql("CREATE UNIQUE INDEX by_note ON item (note); INSERT INTO item VALUES (2, 'b')");
      await capture.untilCount(item, 2);
      await sql("DROP INDEX by_note ON item; INSERT INTO item VALUES (3, 'c')");
      const changes = await capture.untilCount(item, 3);
      expect(changes.map(({ after }) => after)).toEqual([
        { id: 1, note: 'a' },
        { id: 2, note: 'b' },
        { id: 3, note: 'c' },
      ]);
    });

    test('a table with system versioning is refused by name', async () => {
      const { item, sql, url } = await database('versioned');
      await sql(
        'CREATE TABLE item (id int PRIMARY KEY, a int) WITH SYSTEM VERSIONING; INSERT INTO item VALUES (1, 1); UPDATE item SET a = 2',
      );
      await using capture = await Capture.start(configOf(url));
      expect(await capture.untilFailure()).toContain(`leave ${item} out with table.exclude.list`);
    });
  });
