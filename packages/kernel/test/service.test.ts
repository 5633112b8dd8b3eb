import { expect, test } from 'vitest';

import { type Service, startAll, stopAll } from '../src/index.ts';

function recorder(log: string[], name: string, failing?: 'start' | 'stop'): Service {
  return {
    async start() {
      log.push(`start ${name}`);
      if (failing === 'start') throw new Error(`${name} does not start`);
    },
    async stop() {
      log.push(`stop ${name}`);
      if (failing === 'stop') throw new Error(`${name} does not stop`);
    },
  };
}

test('a service that does not start makes those before it stop, in reverse order', async () => {
  const log: string[] = [];
  const services = [recorder(log, 'a'), recorder(log, 'b'), recorder(log, 'c', 'start')];
  await expect(startAll(services)).rejects.toThrow('c does not start');
  expect(log).toEqual(['start a', 'start b', 'start c', 'stop b', 'stop a']);
});

test('a service that does not stop keeps no other from stopping', async () => {
  const log: string[] = [];
  await expect(stopAll([recorder(log, 'a'), recorder(log, 'b', 'stop')])).rejects.toThrow();
  expect(log).toEqual(['stop b', 'stop a']);
});
