/**
 * A contract that nobody can break is none: each of these connectors breaks one sentence of it. Where that shows when a
 * limit is over, they wait at the same time.
 */
import {
  boolean,
  defineSink,
  defineSource,
  int,
  RetriableError,
  type SinkPlugin,
  type SinkRecord,
  type SourcePlugin,
  type SourceTask,
  string,
} from '@sluice/connector-api';
import { describe, expect, test } from 'vitest';
import { type Check, sinkContract, sourceContract } from '../src/contract.ts';

const config = { topic: string().default('t').doc('Topic.') };
type Run = Parameters<typeof defineSource<typeof config>>[0]['run'];

function counter(run: Run): SourcePlugin {
  return defineSource({ name: 'counter', version: '1.0.0', config, run });
}

const good = counter(async function* run({ config: { topic }, offset, signal }) {
  for (let n = Number(offset?.['n'] ?? 0) + 1; !signal.aborted; n += 1) {
    yield { topic, value: n, offset: { n } };
    if (n % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
});

/** Its methods as own properties, to replace some of them. */
function taskOf(plugin: SourcePlugin): SourceTask {
  const task = plugin.createTask();
  return {
    start: (given, context) => task.start(given, context),
    poll: () => task.poll(),
    stop: () => task.stop(),
  };
}

function sink(put: (records: readonly SinkRecord[]) => void): SinkPlugin {
  return defineSink({ name: 'sink', version: '1.0.0', config: {}, put });
}

/** Where it shows when the limit is over that records do not arrive, it is a short one. */
function checksOf(plugin: SourcePlugin, arrivalLimitMs = 10_000): readonly Check[] {
  return sourceContract(plugin, { setup: () => ({ config: { topic: 't' } }), arrivalLimitMs });
}

function check(checks: readonly Check[], title: string): Promise<void> {
  const found = checks.find((one) => one.title.includes(title));
  if (!found)
    throw new Error(`no check '${title}' in: ${checks.map((one) => one.title).join('; ')}`);
  return found.run();
}

test('a good source passes all checks', { timeout: 60_000 }, async () => {
  for (const { run } of checksOf(good)) await run();
});

test('a queue that hands out only so much before it is told passes them, too', {
  timeout: 60_000,
}, async () => {
  const queue = defineSource({
    name: 'queue',
    version: '1.0.0',
    config,
    setup: () => ({ unacknowledged: 0 }),
    async *run({ config: { topic }, offset, signal, state }) {
      for (let n = Number(offset?.['n'] ?? 0) + 1; !signal.aborted; n += 1) {
        while (state.unacknowledged >= 5 && !signal.aborted)
          await new Promise((resolve) => setTimeout(resolve, 1));
        state.unacknowledged += 1;
        yield { topic, value: n, offset: { n } };
      }
    },
    commitRecord: (_record, _metadata, { state }) => {
      state.unacknowledged -= 1;
    },
  });
  for (const { run } of checksOf(queue)) await run();
});

describe('a source is found out', { timeout: 60_000 }, () => {
  test('that stores offsets before their records', async () => {
    const ahead = counter(async function* run({ config: { topic }, offset, signal }) {
      for (let n = Number(offset?.['n'] ?? 0) + 1; !signal.aborted; n += 1) {
        yield { topic, value: n, offset: { n: n + 3 } };
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    });
    await expect(check(checksOf(ahead, 1_500), 'killed')).rejects.toThrow(/missing \d/);
  });

  test('that begins anew each time', async () => {
    const forgetful = counter(async function* run({ config: { topic }, signal }) {
      for (let n = 1; !signal.aborted; n += 1) {
        yield { topic, value: n, offset: { n } };
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    });
    await expect(check(checksOf(forgetful), 'repeats nothing')).rejects.toThrow('came again');
  });

  test('that does not end when it is stopped', async () => {
    const stubborn: SourcePlugin = {
      ...good,
      createTask: () => ({ ...taskOf(good), stop: () => new Promise(() => {}) }),
    };
    await expect(check(checksOf(stubborn), 'nothing to do')).rejects.toThrow('longer than');
  });

  test('that hands over everything at once', async () => {
    const greedy = counter(async function* run({ config: { topic } }) {
      yield Array.from({ length: 20_000 }, (_, n) => ({ topic, value: n, offset: { n } }));
    });
    await expect(check(checksOf(greedy), 'delivers every')).rejects.toThrow(
      'a poll returned 20000 records at once',
    );
  });

  test('that ignores tasks.max, or its keys', async () => {
    const many: SourcePlugin = {
      ...good,
      createConnector: () => ({ taskConfigs: () => [{}, {}, {}] }),
    };
    await expect(check(checksOf(many), 'tasks.max')).rejects.toThrow('3 task configurations');
    const lax = sourceContract(good, {
      setup: () => ({ config: {} }),
      invalid: [{ config: { topic: 'not.allowed' }, names: 'topic' }],
    });
    await expect(check(lax, 'not.allowed')).rejects.toThrow('it was accepted');
  });

  test('whose offsets are nested', async () => {
    const nested = counter(async function* run({ config: { topic } }) {
      for (let n = 0; n < 100; n += 1) yield { topic, value: n, offset: { n: [n] as never } };
    });
    await expect(check(checksOf(nested), 'delivers every')).rejects.toThrow(
      'Offsets may only contain primitive types as values, but field n contains a list',
    );
  });
});

describe('a source whose system can be away', { timeout: 60_000, concurrent: true }, () => {
  /** How many items are passed over then. */
  type WhileAway = () => Promise<number> | number;

  /** Reads an item after the other, if its system is not away. */
  function checksOfReader(whileAway: WhileAway, arrivalLimitMs = 10_000): readonly Check[] {
    let system = { items: 0, isAway: false };
    const reader = counter(async function* run({ config: { topic }, offset, signal }) {
      for (let n = Number(offset?.['n'] ?? 0); !signal.aborted; ) {
        if (system.isAway) n += await whileAway();
        if (n < system.items && !system.isAway) {
          n += 1;
          yield { topic, value: n, offset: { n } };
        }
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    });
    return sourceContract(reader, {
      setup: () => {
        system = { items: 0, isAway: false };
        return {
          config: { topic: 't' },
          produce: async (count) =>
            Array.from({ length: count }, () => String((system.items += 1))),
          fail: {
            begin: () => {
              system.isAway = true;
            },
            end: () => {
              system.isAway = false;
            },
          },
        };
      },
      arrivalLimitMs,
    });
  }

  const away = 'its system failed for a while';
  const silent = 'its system does not answer';

  test.each<[string, WhileAway]>([
    [
      'tells of it with a RetriableError',
      () => {
        throw new RetriableError('the system is away');
      },
    ],
    ['waits for it', () => 0],
  ])('passes when it %s', async (_, whileAway) => {
    const checks = checksOfReader(whileAway);
    await check(checks, away);
    await check(checks, silent);
  });

  test('is found out if it fails then', async () => {
    const checks = checksOfReader(() => {
      throw new Error('the system is away');
    });
    await expect(check(checks, away)).rejects.toThrow('poll has to throw a RetriableError then');
  });

  test('is found out if it passes over what it could not read', async () => {
    const checks = checksOfReader(() => 1, 2_000);
    await expect(check(checks, away)).rejects.toThrow(/missing/);
  });

  test('is found out if it waits without an end', async () => {
    const checks = checksOfReader(() => new Promise(() => {}), 2_000);
    await expect(check(checks, away)).rejects.toThrow(/missing/);
  });
});

test('each kind of key is tried with a value that it must refuse', () => {
  const keyed = defineSource({
    name: 'keyed',
    version: '1.0.0',
    config: {
      needed: string().doc('d'),
      count: int().default(1).doc('d'),
      on: boolean().default(true).doc('d'),
    },
    async *run() {},
  });
  const titles = sourceContract(keyed, { setup: () => ({ config: {} }) }).map(({ title }) => title);
  expect(titles).toEqual(
    expect.arrayContaining([
      'refuses a configuration without needed, and names it',
      "refuses 'no-number' for count, and names it",
      "refuses 'perhaps' for on, and names it",
    ]),
  );
});

describe('a sink', { timeout: 60_000, concurrent: true }, () => {
  /** A system in memory. */
  function checksOfSink(
    make: (system: System) => SinkPlugin,
    arrivalLimitMs = 10_000,
  ): readonly Check[] {
    const system: System = { arrived: new Set(), isAway: false };
    return sinkContract(make(system), {
      setup: () => {
        system.arrived = new Set();
        return {
          config: {},
          arrived: async () => [...system.arrived],
          fail: {
            begin: () => {
              system.isAway = true;
            },
            end: () => {
              system.isAway = false;
            },
          },
        };
      },
      arrivalLimitMs,
    });
  }

  const idOf = (value: unknown): string => String((value as { n: number }).n);

  test('that writes and throws a RetriableError when it cannot passes all checks', async () => {
    const checks = checksOfSink((system) =>
      sink((records) => {
        if (system.isAway) throw new RetriableError('the system is away');
        for (const { value } of records) system.arrived.add(idOf(value));
      }),
    );
    for (const { run } of checks) await run();
  });

  test('that only buffers is found out', async () => {
    const checks = checksOfSink((system) => {
      let buffer: string[] = [];
      return defineSink({
        name: 'lazy',
        version: '1.0.0',
        config: {},
        put: (records) => {
          buffer.push(...records.map(({ value }) => idOf(value)));
          if (buffer.length < 50) return;
          for (const id of buffer) system.arrived.add(id);
          buffer = [];
        },
        teardown: () => {
          for (const id of buffer) system.arrived.add(id);
        },
      });
    }, 1_000);
    await expect(check(checks, 'lets commit')).rejects.toThrow(/every record has arrived/);
  });

  test('that writes after it let commit is found out', async () => {
    const checks = checksOfSink((system) =>
      sink((records) => {
        setTimeout(() => {
          for (const { value } of records) system.arrived.add(idOf(value));
        }, 200);
      }),
    );
    await expect(check(checks, 'lets commit')).rejects.toThrow('were committed before');
  });

  test('that takes everything while its system takes nothing is found out', async () => {
    const checks = checksOfSink((system) => {
      let buffer: string[] = [];
      return defineSink({
        name: 'hoarder',
        version: '1.0.0',
        config: {},
        put: (records) => {
          buffer.push(...records.map(({ value }) => idOf(value)));
        },
        preCommit: (_context, offsets) => {
          if (system.isAway) return new Map();
          for (const id of buffer) system.arrived.add(id);
          buffer = [];
          return offsets;
        },
      });
    });
    await expect(check(checks, 'holds no more')).rejects.toThrow(
      /put took \d+ records that its system did not take/,
    );
  });

  test('that does not stop while its system does not answer is found out', async () => {
    const checks = checksOfSink((system) =>
      defineSink({
        name: 'deaf',
        version: '1.0.0',
        config: {},
        put: async (records) => {
          if (system.isAway && records.length > 0) await new Promise(() => {});
          for (const { value } of records) system.arrived.add(idOf(value));
        },
      }),
    );
    await expect(check(checks, 'holds no more')).rejects.toThrow('longer than');
  });

  test('that fails for good when its system is away is found out', async () => {
    const checks = checksOfSink((system) =>
      sink((records) => {
        if (system.isAway) throw new Error('connection refused');
        for (const { value } of records) system.arrived.add(idOf(value));
      }),
    );
    await expect(check(checks, 'failed for a while')).rejects.toThrow('connection refused');
  });

  test('that refuses a record which it has is found out', async () => {
    const checks = checksOfSink((system) =>
      sink((records) => {
        for (const { value } of records) {
          if (system.arrived.has(idOf(value))) throw new Error('duplicate key');
          system.arrived.add(idOf(value));
        }
      }),
    );
    await expect(check(checks, 'same batch again')).rejects.toThrow('duplicate key');
  });
});

interface System {
  arrived: Set<string>;
  isAway: boolean;
}
