import { expect, test } from 'vitest';

import { type Logger, LogLevels, leveledLogger, parseLogLevel } from '../src/index.ts';

function levels(): LogLevels {
  return new LogLevels('warn', ['sluice.worker', 'sluice.executor']);
}

test('a logger has the level of its nearest ancestor', () => {
  const under = levels();
  expect(under.get('sluice.worker')).toEqual({ level: 'WARN', lastModifiedMs: null });
  under.set('sluice', 'DEBUG', 5);
  under.set('sluice.executor', 'ERROR', 6);
  expect(under.get('sluice.worker')).toEqual({ level: 'DEBUG', lastModifiedMs: 5 });
  expect(under.get('sluice.executor')).toEqual({ level: 'ERROR', lastModifiedMs: 6 });
  expect(under.get('root')?.level).toBe('WARN');
  expect(under.get('sluice.none')).toBeUndefined();
  expect(under.isEnabled('sluice.none.deep', 'DEBUG')).toBe(true);
  expect(under.isEnabled('sluicer', 'INFO')).toBe(false);
});

test('a level is also that of all below it, and those that there are, are told', () => {
  const under = levels();
  under.set('sluice.worker', 'DEBUG', 1);
  expect(under.set('sluice', 'ERROR', 2)).toEqual(['sluice', 'sluice.executor', 'sluice.worker']);
  expect(under.get('sluice.worker')).toEqual({ level: 'ERROR', lastModifiedMs: 2 });
  expect(under.set('ROOT', 'INFO', 3)).toEqual([
    'root',
    'sluice',
    'sluice.executor',
    'sluice.worker',
  ]);
  expect([...under.all().values()].map(({ level }) => level)).toEqual(
    Array.from({ length: 4 }, () => 'INFO'),
  );
});

test('a level that a logger has already modifies nothing, and makes it known', () => {
  const under = levels();
  under.set('com.acme', 'DEBUG', 1);
  under.set('com.acme', 'DEBUG', 2);
  expect(under.get('com.acme')).toEqual({ level: 'DEBUG', lastModifiedMs: 1 });
  expect(under.set('com.acme.deep', 'DEBUG', 3)).toEqual([]);
  expect(under.get('com.acme.deep')).toEqual({ level: 'DEBUG', lastModifiedMs: null });
  expect(under.set('com.acme', 'ERROR', 4)).toEqual(['com.acme', 'com.acme.deep']);
  expect(under.get('com.acme.deep')).toEqual({ level: 'ERROR', lastModifiedMs: 4 });
});

test('what was set for the whole cluster is followed once, in its order', () => {
  const under = levels();
  const settings = new Map([
    ['sluice.worker', { level: 'DEBUG' as const, atMs: 20 }],
    ['sluice', { level: 'ERROR' as const, atMs: 10 }],
  ]);
  under.follow(settings);
  expect(under.get('sluice.worker')?.level).toBe('DEBUG');
  expect(under.get('sluice.executor')?.level).toBe('ERROR');
  under.set('sluice', 'INFO', 30);
  under.follow(settings);
  expect(under.get('sluice.worker')?.level).toBe('INFO');
});

test('a logger writes what its level lets through, its children too', () => {
  const lines: string[] = [];
  const note = (_fields: object, message: string): void => void lines.push(message);
  const all: Logger = { debug: note, info: note, warn: note, error: note, child: () => all };
  const under = levels();
  const logger = leveledLogger(all, under, 'sluice.worker').child({ a: 1 });
  const write = (): string[] => {
    lines.length = 0;
    for (const level of ['debug', 'info', 'warn', 'error'] as const) logger[level]({}, level);
    return [...lines];
  };
  expect(write()).toEqual(['warn', 'error']);
  under.set('sluice', 'TRACE', 1);
  expect(write()).toEqual(['debug', 'info', 'warn', 'error']);
  under.set('root', 'OFF', 2);
  expect(write()).toEqual([]);
});

test.each([
  ['debug', 'DEBUG'],
  ['Warn', 'WARN'],
  ['OFF', 'OFF'],
  ['loud', undefined],
  ['', undefined],
])('%j is the level %s', (text, level) => {
  expect(parseLogLevel(text)).toBe(level);
});
