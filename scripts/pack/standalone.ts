/** The standalone mode from an installation: lines go from a file to a file, and SIGTERM ends it in order. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SluiceError, systemClock } from '@sluice/kernel';
import { freePort, waitFor } from '@sluice/testkit';

import type { Found } from '../checklist.ts';
import { obtainRedisServer } from '../redis.ts';
import type { Deployment } from '../rehearsal/deployment.ts';

const lines = ['one', 'two', 'three'].map((line) => `${line}\n`).join('');
const arriveLimitMs = 60_000;

export async function tryStandalone(deployment: Deployment): Promise<Found<undefined>> {
  const { data } = deployment;
  const here = join(data.here, 'standalone');
  const there = join(data.there, 'standalone');
  mkdirSync(here);
  chmodSync(here, 0o777);
  const write = (name: string, text: string): string => {
    writeFileSync(join(here, name), text);
    return join(there, name);
  };
  write('in.txt', lines);
  const strings = 'org.apache.kafka.connect.storage.StringConverter';
  const files = [
    write(
      'worker.properties',
      `key.converter=${strings}\nvalue.converter=${strings}\n` +
        `listeners=http://127.0.0.1:${await freePort()}\n` +
        `offset.storage.file.filename=${there}/offsets\n`,
    ),
    write(
      'source.properties',
      `name=source\nconnector.class=FileStreamSource\nfile=${there}/in.txt\ntopic=lines\n`,
    ),
    write(
      'sink.properties',
      `name=sink\nconnector.class=FileStreamSink\nfile=${there}/out.txt\ntopics=lines\n`,
    ),
  ];
  const startedAtMs = systemClock.monotonicMs();
  await using process = deployment.sluice(['standalone', ...files], {
    SLUICE_REDIS_SERVER: await obtainRedisServer(),
  });
  const output = join(here, 'out.txt');
  await waitFor(
    () => process.hasExited || (existsSync(output) && readFileSync(output, 'utf8') === lines),
    {
      what: 'the lines to arrive',
      timeoutMs: arriveLimitMs,
    },
  );
  const tookMs = Math.round(systemClock.monotonicMs() - startedAtMs);
  await process.kill('SIGTERM');
  const { code } = await process.exited;
  if (code !== 0) {
    throw new SluiceError('pack.standalone', `it ended with ${code}:\n${process.stderr}`);
  }
  return {
    says: `lines went through ${tookMs} ms after its start, and SIGTERM ended it`,
    figures: { standaloneMs: tookMs },
    value: undefined,
  };
}
