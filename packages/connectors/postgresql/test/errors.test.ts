import { ConnectError, RetriableError } from '@sluice/connector-api';
import { expect, test } from 'vitest';
import { connectErrorOf, isPassing } from '../src/errors.ts';

const target = { host: 'db', port: 5432, database: 'shop', user: 'sluice' };

function fromServer(code: string, message = 'as the server says'): Error {
  return Object.assign(new Error(message), { code, severity: 'FATAL' });
}

function fromSystem(code: string): Error {
  return Object.assign(new Error(`connect ${code} 127.0.0.1:5432`), { code });
}

test('what may be over by itself is tried again', () => {
  for (const code of ['57P01', '57P03', '08006', '53300', '55006', '40001'])
    expect([code, isPassing(fromServer(code))]).toEqual([code, true]);
  for (const code of [
    'ECONNREFUSED',
    'ECONNRESET',
    'ETIMEDOUT',
    'EPIPE',
    'ENOTFOUND',
    'ENETDOWN',
    'ERR_STREAM_DESTROYED',
  ])
    expect([code, isPassing(fromSystem(code))]).toEqual([code, true]);
  for (const message of [
    'timeout expired',
    'Connection terminated unexpectedly',
    'Query read timeout',
  ])
    expect([message, isPassing(new Error(message))]).toEqual([message, true]);
  expect(isPassing(new AggregateError([fromSystem('ECONNREFUSED')]))).toBe(true);
});

test('what somebody has to mend is not', () => {
  for (const code of ['28P01', '28000', '3D000', '42501', '42P01', '53400'])
    expect([code, isPassing(fromServer(code))]).toEqual([code, false]);
  for (const code of ['ENOENT', 'SELF_SIGNED_CERT_IN_CHAIN', 'ERR_TLS_CERT_ALTNAME_INVALID'])
    expect([code, isPassing(fromSystem(code))]).toEqual([code, false]);
  expect(isPassing(new Error('The server does not support SSL connections'))).toBe(false);
  expect(isPassing(new TypeError('x is undefined'))).toBe(false);
});

test('an error says where, what happened and what to do', () => {
  const refused = connectErrorOf(fromSystem('ECONNREFUSED'), target);
  expect(refused).toBeInstanceOf(RetriableError);
  expect(refused.message).toBe(
    'PostgreSQL at db:5432, database shop: nothing listens on db:5432; check database.hostname and database.port, and that the server runs',
  );
  const wrong = connectErrorOf(fromServer('28P01'), target);
  expect(wrong).not.toBeInstanceOf(RetriableError);
  expect(wrong).toBeInstanceOf(ConnectError);
  expect(wrong.message).toContain('check database.password and database.user');
});
