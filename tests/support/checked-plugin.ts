/** Connectors whose definition-time code does what none should do, and one that shows what it was given. */
import { createHash } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';

import { defineSource, int, oneOf, password, string } from '@sluice/connector-api';

/** Its `validate` and its `tasks` misbehave as they are told. */
const checked = defineSource({
  name: 'CheckedSource',
  version: '1.0.0',
  config: {
    topic: string().default('checked'),
    validation: oneOf('fine', 'refuse', 'throw', 'wait', 'block', 'leak', 'exit').default('fine'),
    tasks: oneOf('fine', 'throw', 'block', 'wait').default('fine'),
    'pid.file': string().default(''),
    speed: int()
      .default(1)
      .check((speed) => (speed < 100 ? undefined : 'Value must be below 100'))
      .recommend(({ topic }) => (topic === 'fast' ? ['10', '20'] : ['1']))
      .visibleIf(({ topic }) => topic !== 'still'),
  },
  async validate({ config }) {
    if (config['pid.file'] !== '') writeFileSync(config['pid.file'], String(process.pid));
    switch (config.validation) {
      case 'refuse':
        return [{ key: 'topic', message: `there is no topic ${config.topic}` }];
      case 'throw':
        throw new Error('the database is not there');
      case 'wait':
        return await new Promise<never>(() => {});
      case 'block':
        for (;;);
      case 'leak': {
        const kept: number[][] = [];
        for (;;) kept.push(Array.from<number>({ length: 1_000_000 }).fill(0.5));
      }
      case 'exit':
        process.exit(3);
        break;
      default:
        return [];
    }
    return [];
  },
  tasks: ({ config, max }) => {
    if (config.tasks === 'throw') throw new Error('no work today');
    if (config.tasks === 'wait') return new Promise<never>(() => {});
    if (config.tasks === 'block' && !existsSync(config['pid.file'])) {
      writeFileSync(config['pid.file'], String(process.pid));
      for (;;);
    }
    return Array.from({ length: max }, (_, index) => index);
  },
  sourcePartition: ({ work }) => ({ work }),
  async *run({ signal }) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    yield* [];
  },
});

/** Shows that it got a secret by its hash, and quotes it in every way that it can. */
const telling = defineSource({
  name: 'TellingSource',
  version: '1.0.0',
  config: {
    topic: string(),
    password: password(),
    url: string(),
    fails: oneOf('no', 'start', 'poll').default('no'),
  },
  tasks: ({ config }) => [{ url: config.url, secret: config.password.reveal() }],
  sourcePartition: () => ({ telling: true }),
  async *run({ config, work, logger, signal, offset }) {
    const secret = config.password.reveal();
    logger.info({ secret, nested: { url: config.url } }, `logged in with ${secret}`);
    if (config.fails === 'start') throw new Error(`${secret} was refused at ${config.url}`);
    if (offset === undefined) {
      const hash = createHash('sha256').update(`${secret} ${config.url} ${work.secret}`);
      yield { topic: config.topic, value: hash.digest('hex'), offset: { told: true } };
    }
    if (config.fails === 'poll') setImmediate(() => void Promise.reject(new Error(secret)));
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
  },
});

export default [checked, telling];
