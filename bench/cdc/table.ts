/** The table that is captured, and what is done to it: the same rows and changes in every database. Pure. */

export type DatabaseKind = 'postgres' | 'mariadb';

export const databaseKinds: readonly DatabaseKind[] = ['postgres', 'mariadb'];

export const tableName = 'item';

/** Changes of one transaction, and the records that they are: a delete is one and a tombstone. */
const transaction = { inserts: 3, updates: 4, deletes: 3 };
export const changesPerTransaction = 10;
const recordsPerTransaction = 13;

/** Statements that are sent at a time. */
const transactionsPerText = 500;

export function recordsOf(transactions: number): number {
  return transactions * recordsPerTransaction;
}

/** Eight columns of mixed types, about 200 bytes as text. */
export function createTable(kind: DatabaseKind): string {
  const moment = kind === 'postgres' ? 'timestamp(6)' : 'datetime(6)';
  return `CREATE TABLE ${tableName} (
    id bigint PRIMARY KEY,
    customer int NOT NULL,
    state varchar(20) NOT NULL,
    amount decimal(12, 2) NOT NULL,
    weight double precision,
    written_ms bigint,
    placed ${moment} NOT NULL,
    note varchar(200)
  );`;
}

/** Rows with these numbers. */
export function insertRows(kind: DatabaseKind, first: number, last: number): string {
  const values =
    kind === 'postgres'
      ? `timestamp '2026-01-01 10:00:00.123456' + n * interval '1 second', repeat('order ', 20) || n
         FROM generate_series(${first}, ${last}) n`
      : `timestamp '2026-01-01 10:00:00.123456' + interval seq second, concat(repeat('order ', 20), seq)
         FROM seq_${first}_to_${last}`;
  const n = kind === 'postgres' ? 'n' : 'seq';
  return `INSERT INTO ${tableName}
    SELECT ${n}, ${n} % 1000, 'placed', ${n} * 1.01, ${n} / 7.0, NULL, ${values};`;
}

/**
 * So many transactions, as texts of SQL. `next`: the first number that no row has; the table has as many rows
 * afterwards as before. `rows`: numbers of rows that are updated, from 1 on.
 */
export function* changeTexts(
  kind: DatabaseKind,
  options: { readonly transactions: number; readonly next: number; readonly rows: number },
): Generator<string> {
  const { next, rows, transactions } = options;
  const { inserts, updates } = transaction;
  for (let start = 0; start < transactions; start += transactionsPerText) {
    const end = Math.min(transactions, start + transactionsPerText);
    const texts = Array.from({ length: end - start }, (_, index) => {
      const first = next + (start + index) * inserts;
      const last = first + inserts - 1;
      const updated = 1 + (((start + index) * updates) % Math.max(1, rows - updates));
      return [
        'BEGIN;',
        insertRows(kind, first, last),
        `UPDATE ${tableName} SET state = 'paid', amount = amount + 1 WHERE id BETWEEN ${updated} AND ${updated + updates - 1};`,
        `DELETE FROM ${tableName} WHERE id BETWEEN ${first} AND ${last};`,
        'COMMIT;',
      ].join('\n');
    });
    yield texts.join('\n');
  }
}

/** Numbers that `changeTexts` takes up. */
export function numbersOf(transactions: number): number {
  return transactions * transaction.inserts;
}

/** Inserts one by one at a steady rate, each of which says when it was written, in a program of the server itself. */
export function pacedInserts(
  kind: DatabaseKind,
  options: { readonly rate: number; readonly count: number; readonly next: number },
): string {
  const { count, next, rate } = options;
  const last = next + count - 1;
  const row = (now: string, moment: string) =>
    `INSERT INTO ${tableName} VALUES (n, 1, 'placed', 1.01, 0.5, ${now}, ${moment}, repeat('order ', 20));`;
  if (kind === 'postgres')
    return `DO $$
      DECLARE began timestamptz := clock_timestamp();
      BEGIN
        FOR n IN ${next}..${last} LOOP
          PERFORM pg_sleep(extract(epoch FROM began - clock_timestamp()) + (n - ${next}) / ${rate}.0);
          ${row('(extract(epoch FROM clock_timestamp()) * 1000)::bigint', 'localtimestamp')}
          COMMIT;
        END LOOP;
      END $$;`;
  return `DELIMITER //
    BEGIN NOT ATOMIC
      DECLARE n bigint DEFAULT ${next};
      DECLARE began double DEFAULT unix_timestamp(sysdate(6));
      WHILE n <= ${last} DO
        DO sleep(greatest(0, began - unix_timestamp(sysdate(6)) + (n - ${next}) / ${rate}));
        ${row('floor(unix_timestamp(sysdate(6)) * 1000)', 'sysdate(6)')}
        SET n = n + 1;
      END WHILE;
    END//
    DELIMITER ;`;
}
