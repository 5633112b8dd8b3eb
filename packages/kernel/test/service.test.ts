import { expect, test } from 'vitest';

import { type Service, stopAll } from '../src/index.ts';

function recorder(log: string[], name: string, isFailing = false): Service {
  return {
    async start() {},
    async stop() {
      log.push(`stop ${name}`);
      if (isFailing) throw new Error(`${name} does not stop`);
    },
  };
}

test('a service that does not stop keeps no other from stopping, in reverse order', async () => {
  const log: string[] = [];
  const services = [recorder(log, 'a'), recorder(log, 'b', true), recorder(log, 'c')];
  await expect(stopAll(services)).rejects.toThrow('services failed to stop');
  expect(log).toEqual(['stop c', 'stop b', 'stop a']);
});
