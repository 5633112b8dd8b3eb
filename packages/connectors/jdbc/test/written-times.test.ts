import { DataError, type Schema } from '@sluice/connector-api';
import { expect, test } from 'vitest';
import { mysqlWriter } from '../src/mysql/mysql-write.ts';
import { postgresWriter } from '../src/postgres/postgres-write.ts';

const microTime: Schema = { type: 'int64', name: 'io.debezium.time.MicroTime' };
const date: Schema = { type: 'int32', name: 'io.debezium.time.Date' };
const column = {
  name: 'a',
  isNullable: true,
  isGenerated: false,
  isAutoIncrement: false,
  hasDefault: true,
};

test("a time that is none of a day is written as MySQL's own, and refused for PostgreSQL", () => {
  const mysql = mysqlWriter(microTime, { ...column, type: 'time' }, 'UTC');
  const postgres = postgresWriter(microTime, { ...column, type: 'time without time zone' }, 'UTC');
  expect(mysql(-45_296_000_000)).toBe('-12:34:56');
  expect(mysql(3_020_399_000_000)).toBe('838:59:59');
  expect(postgres(45_296_000_000)).toBe('12:34:56');
  for (const micros of [-45_296_000_000, 3_020_399_000_000])
    expect(() => postgres(micros)).toThrow(DataError);
});

test('a date before our era is written as one, or refused by MySQL', () => {
  const days = Date.UTC(-43, 2, 15) / 86_400_000;
  expect(postgresWriter(date, { ...column, type: 'date' }, 'UTC')(days)).toBe('0044-03-15 BC');
  expect(() => mysqlWriter(date, { ...column, type: 'date' }, 'UTC')(days)).toThrow(DataError);
});
