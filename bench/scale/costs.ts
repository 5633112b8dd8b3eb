/** What single operations of coordination cost a Redis, on data sets of different sizes. */
import {
  connectCoordinationRedis,
  RedisCoordinationStore,
  untilReady,
} from '@sluice/coordination-redis';
import { StartQueueConsumer } from '@sluice/dispatch-bullmq';
import { silentLogger, systemClock } from '@sluice/kernel';
import { startRedis } from '@sluice/testkit';
import { Redis } from 'ioredis';

import { type Summary, summarize } from '../statistics.ts';
import {
  type DataSet,
  makeDataSet,
  publishAgain,
  running,
  type Size,
  type SomeMember,
} from './data-set.ts';
import { ServerMeter, type ServerWork } from './server-meter.ts';

export interface OperationCost {
  readonly name: string;
  /** What it is about that many of. */
  readonly count: number;
  readonly calls: number;
  /** For each call. */
  readonly cpuMs: number;
  readonly outBytes: number;
  /** As the caller sees them, of one call after the other. */
  readonly wallMs: Summary;
}

export interface SizeCosts extends Size {
  readonly memoryMb: number;
  readonly operations: readonly OperationCost[];
}

export interface CostOptions {
  readonly sizes: readonly Size[];
  /** Calls of what is cheap. */
  readonly calls: number;
  readonly progress: (text: string) => void;
}

export async function measureCosts({ sizes, calls, progress }: CostOptions): Promise<SizeCosts[]> {
  const all: SizeCosts[] = [];
  for (const size of sizes) {
    progress(`${size.workers} workers, ${size.tasks} tasks: making the records`);
    await using server = await startRedis();
    using stack = new DisposableStack();
    const redis = stack.adopt(
      connectCoordinationRedis(server.url, { role: 'coordination', commandTimeoutMs: 60_000 }),
      (connection) => connection.disconnect(),
    );
    const outside = stack.adopt(new Redis(server.url), (connection) => connection.disconnect());
    await untilReady(redis, 5_000);
    const store = new RedisCoordinationStore({ redis, cluster: 'bench' });
    const meter = new ServerMeter(outside);
    const emptyMb = await meter.memoryMb();
    const data = await makeDataSet(store, size);
    progress(`${size.workers} workers, ${size.tasks} tasks: measuring`);
    const operations = await measureOperations(store, meter, data, calls);
    all.push({ ...size, memoryMb: (await meter.memoryMb()) - emptyMb, operations });
  }
  return all;
}

async function measureOperations(
  store: RedisCoordinationStore,
  meter: ServerMeter,
  { workers, tasks, members, term }: DataSet,
  calls: number,
): Promise<OperationCost[]> {
  const costOf = async (
    name: string,
    count: number,
    times: number,
    call: (nth: number) => Promise<unknown>,
  ): Promise<OperationCost> => {
    await call(0);
    const { result, server } = await meter.during(async () => await timed(times, call));
    return { name, count, calls: times, ...perCall(server, times), wallMs: summarize(result) };
  };
  const member = (nth: number) => {
    const found = members[nth % members.length];
    if (!found) throw new Error('a data set has at least one worker');
    return found;
  };
  const { revision, dataset } = await store.changes(0, undefined);
  const unitsEach = Math.ceil(tasks / workers);
  const some = Math.max(3, Math.min(calls, Math.ceil(200_000 / tasks)));
  return [
    await costOf('beat', unitsEach, calls, async (nth) => {
      const own = member(nth);
      const reply = await store.beat({
        ...own,
        beatSeen: own.beat,
        revisionSeen: own.revision,
        ackedBeat: own.beat,
      });
      if (reply.kind !== 'ok') throw new Error(`a beat was answered with ${reply.kind}`);
      own.beat = reply.beat;
    }),
    await costOf('look: beats', workers, Math.ceil(calls / 4), () => store.beats()),
    await costOf('look: no change', 0, calls, () => store.changes(revision, dataset)),
    await costOf('look: quarantine, requests', 0, Math.ceil(calls / 4), async () => {
      await store.quarantine();
      await store.pendingRequests(100);
    }),
    await costOf('read everything', tasks, some, () => store.changes(0, undefined)),
    await costOf('assignments', unitsEach, Math.ceil(calls / unitsEach) + 10, (nth) => {
      const { worker, incarnation } = member(nth);
      return store.assignments(worker, incarnation);
    }),
    await costOf('review', unitsEach, Math.ceil(calls / unitsEach) + 5, (nth) =>
      reviewOf(store, member(nth)),
    ),
    await costOf('renew leadership', 0, calls, () =>
      store.lead({
        coordinator: term.coordinator,
        leaseMs: 3_600_000,
        protocol: { min: 1, max: 1 },
        log: 'redis',
      }),
    ),
    ...(await handOver(store, meter, { workers, tasks, members, term })),
  ];
}

/** What a worker does now and then that has nothing to do: see `reviewEveryMs`. */
async function reviewOf(store: RedisCoordinationStore, member: SomeMember): Promise<void> {
  const { worker, incarnation } = member;
  const { units } = await store.assignments(worker, incarnation);
  await store.report(worker, incarnation, units.map(running));
  for (const unit of units) {
    if (unit.unit.startsWith('connector/')) await publishAgain(store, member, unit);
  }
}

/** A worker dies, and another one gets all that it had: each step for all of its units. */
async function handOver(
  store: RedisCoordinationStore,
  meter: ServerMeter,
  { members, term }: DataSet,
): Promise<OperationCost[]> {
  const [dead, heir] = members;
  if (!dead || !heir) return [];
  const { worker, incarnation } = heir;
  const { units } = await store.assignments(dead.worker, dead.incarnation);
  const costs: OperationCost[] = [];
  const step = async <Result>(name: string, work: () => Promise<Result>): Promise<Result> => {
    const startedMs = performance.now();
    const { result, server } = await meter.during(work);
    const wallMs = summarize([performance.now() - startedMs]);
    costs.push({ name, count: units.length, calls: 1, ...perCall(server, 1), wallMs });
    return result;
  };
  await store.declareDead(term, dead.worker, dead.incarnation, dead.beat);
  await step('hand over: orphan', () =>
    store.orphan(term, dead.worker, dead.incarnation, units.length),
  );
  const grants = units.map(({ unit, uid, epoch }) => ({ unit, uid, epoch, worker, incarnation }));
  const granted = await step('hand over: grant', () => store.grant(term, grants));
  const owned = granted.flatMap((grant, index) =>
    grant.kind === 'granted' ? [{ unit: grants[index]?.unit ?? '', fence: grant.fence }] : [],
  );
  if (owned.length !== units.length) throw new Error('what a dead worker had was not granted');
  await step('hand over: claim', () => store.claim(worker, incarnation, owned));
  await step('hand over: report', () => store.report(worker, incarnation, owned.map(running)));
  return costs;
}

/** What an idle consumer of a start queue costs, ms of Redis' CPU in each second. */
export async function measureIdleQueues(consumers: number, seconds: number): Promise<number> {
  await using server = await startRedis();
  using stack = new DisposableStack();
  const outside = stack.adopt(new Redis(server.url), (connection) => connection.disconnect());
  const meter = new ServerMeter(outside);
  const idle = Array.from(
    { length: consumers },
    (_, number) =>
      new StartQueueConsumer({
        redis: server.url,
        cluster: 'bench',
        worker: `worker-${number}`,
        incarnation: () => 'one',
        handler: { start: async () => 'claimed', refresh: async () => {} },
        logger: silentLogger,
      }),
  );
  await Promise.all(idle.map((consumer) => consumer.start()));
  const { server: work } = await meter.during(() => systemClock.sleep(seconds * 1_000));
  await Promise.all(idle.map((consumer) => consumer.stop()));
  return work.cpuMs / work.seconds / consumers;
}

async function timed(times: number, call: (nth: number) => Promise<unknown>): Promise<number[]> {
  const samples: number[] = [];
  for (let nth = 0; nth < times; nth++) {
    const startedMs = performance.now();
    await call(nth);
    samples.push(performance.now() - startedMs);
  }
  return samples;
}

function perCall({ cpuMs, outBytes }: ServerWork, calls: number) {
  return { cpuMs: cpuMs / calls, outBytes: outBytes / calls };
}
