/**
 * One round of one database and one converter: each contender reads the snapshot, one after the other; a backlog is
 * written while none of them runs; each streams it; and each in turn is told of single inserts, which are timed.
 */
import { newShortId, systemClock } from '@sluice/kernel';
import type { KafkaLog } from '@sluice/record-log-kafka';
import type { KafkaHandle } from '@sluice/testkit';
import { UsageMeter } from '../process-usage.ts';
import {
  type Contender,
  type ContenderName,
  create,
  failureOf,
  halt,
  remove,
  resume,
} from './contender.ts';
import type { BenchDatabase, CaptureName } from './database.ts';
import { recordsOf } from './table.ts';
import { type Arrival, CapturedTopic } from './topic.ts';

export type Phase = 'snapshot' | 'changes';

export interface PhaseSample {
  readonly records: number;
  /** From the first record to the last one. */
  readonly seconds: number;
  /** Until the first record was there, since it was asked for. */
  readonly startSeconds: number;
  /** From when it was asked for to the last record. */
  readonly cpuSeconds: number;
  readonly besidesCpuSeconds: number;
  readonly rssPeakBytes: number;
}

export interface RoundPlan {
  readonly kafka: KafkaHandle;
  readonly log: KafkaLog;
  readonly database: BenchDatabase;
  readonly rows: number;
  readonly transactions: number;
  readonly latency: { readonly rate: number; readonly seconds: number };
  readonly withSchemas: boolean;
  /** Called when each has captured the same, with their topics. */
  readonly whenCaptured?: ((topics: readonly CapturedTopic[]) => Promise<void>) | undefined;
  /** Keys that only Debezium is given. */
  readonly debeziumKeys: Readonly<Record<string, string>>;
  readonly phaseLimitMs: number;
  readonly progress: (text: string) => void;
}

export interface Turn {
  readonly contender: ContenderName;
  readonly topic: CapturedTopic;
  readonly samples: ReadonlyMap<Phase, PhaseSample>;
  /** ms from the commit until a consumer had it. */
  readonly latenciesMs: readonly number[];
}

interface Capture {
  readonly contender: Contender;
  readonly name: CaptureName;
  readonly topic: CapturedTopic;
  readonly samples: Map<Phase, PhaseSample>;
  readonly latenciesMs: number[];
  /** Records that are in the topic, or have to come before what is measured next. */
  expected: number;
}

let capturesBegun = 0;

/** The turns, whose topics are still there: whoever calls removes them. */
export async function measureRound(
  plan: RoundPlan,
  contenders: readonly Contender[],
): Promise<readonly Turn[]> {
  const begun: Capture[] = [];
  for (const contender of contenders) begun.push(await captureSnapshot(plan, contender));
  await plan.database.change(plan.transactions);
  for (const capture of begun) await captureBacklog(plan, capture);
  // Before others are timed, whose inserts one that is halted has not got.
  await plan.whenCaptured?.(begun.map(({ topic }) => topic));
  if (plan.latency.seconds > 0)
    for (const capture of begun) await timeInserts(plan, begun, capture);
  for (const { contender, name } of begun) {
    await remove(contender, name.prefix);
    await plan.database.release(name);
  }
  await plan.database.removePaced();
  return begun.map(({ contender, latenciesMs, samples, topic }) => ({
    contender: contender.name,
    topic,
    samples,
    latenciesMs,
  }));
}

async function captureSnapshot(plan: RoundPlan, contender: Contender): Promise<Capture> {
  const { database, kafka, log, rows, withSchemas } = plan;
  capturesBegun += 1;
  const prefix = `bench_${contender.name}_${newShortId()
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '0')}`;
  const name: CaptureName = { prefix, number: 50_000 + capturesBegun };
  const topic = await CapturedTopic.create(log, database.topicOf(name));
  const capture = { contender, name, topic, samples: new Map(), latenciesMs: [], expected: 0 };
  await measurePhase(plan, capture, 'snapshot', rows, async () => {
    await create(contender, prefix, {
      ...database.configOf(name, kafka.bootstrap),
      ...converters(withSchemas),
      ...(contender.name === 'debezium' ? plan.debeziumKeys : {}),
    });
  });
  await halt(contender, prefix);
  return capture;
}

async function captureBacklog(plan: RoundPlan, capture: Capture): Promise<void> {
  const { contender, name } = capture;
  const begin = async () => await resume(contender, name.prefix);
  await measurePhase(plan, capture, 'changes', recordsOf(plan.transactions), begin);
  await halt(contender, name.prefix);
}

async function measurePhase(
  plan: RoundPlan,
  capture: Capture,
  phase: Phase,
  records: number,
  begin: () => Promise<void>,
): Promise<void> {
  const { contender, topic } = capture;
  const before = capture.expected;
  using meter = new UsageMeter(contender.workers);
  using besides = new UsageMeter(contender.besides);
  const askedMs = systemClock.monotonicMs();
  await begin();
  capture.expected = before + records;
  const arrival = await arrivalOf(plan, capture, before, capture.expected);
  const usage = meter.usage();
  const sample: PhaseSample = {
    records,
    seconds: Math.max(0.001, (arrival.lastMs - arrival.firstMs) / 1_000),
    startSeconds: (arrival.firstMs - askedMs) / 1_000,
    cpuSeconds: usage.cpuSeconds,
    besidesCpuSeconds: besides.usage().cpuSeconds,
    rssPeakBytes: usage.rssPeakBytes,
  };
  capture.samples.set(phase, sample);
  const rate = Math.round(records / sample.seconds);
  plan.progress(
    `  ${topic.name}: ${phase} ${rate} records/s, ${sample.cpuSeconds.toFixed(2)} CPU s, ${(sample.rssPeakBytes / 1e6).toFixed(0)} MB`,
  );
}

/** Resumed, it first takes what others were timed with. */
async function timeInserts(
  plan: RoundPlan,
  captures: readonly Capture[],
  timed: Capture,
): Promise<void> {
  const { contender, latenciesMs, name, topic } = timed;
  const { rate, seconds } = plan.latency;
  const insert = async (count: number): Promise<void> => {
    for (const capture of captures) capture.expected += count;
    await plan.database.insertPaced(count, rate);
  };
  await resume(contender, name.prefix);
  // One by which it is known that it streams.
  await insert(1);
  await arrivalOf(plan, timed, 0, timed.expected);
  const count = rate * seconds;
  const limits = { countMax: count, limitMs: seconds * 1_000 + plan.phaseLimitMs };
  const first = plan.database.nextNumber;
  const [read] = await Promise.all([
    topic.read(await topic.count(), limits, ({ value }) => {
      const { id, writtenMs } = pacedRowOf(value);
      if (id < first) return false;
      latenciesMs.push(systemClock.wallMs() - writtenMs);
      return true;
    }),
    insert(count),
  ]);
  if (read < count) throw new Error(`${topic.name}: ${read} of ${count} timed inserts came`);
  await halt(contender, name.prefix);
}

/** With a schema or without. */
function pacedRowOf(value: Uint8Array | null): { readonly id: number; readonly writtenMs: number } {
  const text = new TextDecoder().decode(value ?? undefined);
  const [, id, writtenMs] = /"after":\{"id":(\d+)[^}]*"written_ms":(\d+)/.exec(text) ?? [];
  return { id: Number(id), writtenMs: Number(writtenMs) };
}

async function arrivalOf(
  plan: RoundPlan,
  { contender, name, topic }: Capture,
  before: number,
  total: number,
): Promise<Arrival> {
  return await topic.arrivalOf(before, total, {
    limitMs: plan.phaseLimitMs,
    failure: async () => await failureOf(contender, name.prefix),
  });
}

function converters(withSchemas: boolean): Readonly<Record<string, string>> {
  const json = 'org.apache.kafka.connect.json.JsonConverter';
  return {
    'key.converter': json,
    'key.converter.schemas.enable': String(withSchemas),
    'value.converter': json,
    'value.converter.schemas.enable': String(withSchemas),
  };
}
