/** Spans of an executor: what they say, which there are, and what becomes of those that cannot be exported. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { ExportResultCode } from '@opentelemetry/core';
import {
  InMemorySpanExporter,
  type ReadableSpan,
  type SpanExporter,
} from '@opentelemetry/sdk-trace';
import { type Clock, systemClock } from '@sluice/kernel';
import { FakeClock } from '@sluice/kernel/testing';
import type { TraceStart } from '@sluice/runtime';
import { waitFor } from '@sluice/testkit';
import { expect, onTestFinished, test } from 'vitest';

import { withLastSpans } from '../src/traces/last-spans.ts';
import { openTraces, type Traces } from '../src/traces/open-traces.ts';
import type { TraceSettings } from '../src/traces/settings.ts';
import { SpanReports } from '../src/traces/span-reports.ts';
import type { SpansTold } from '../src/traces/spans-told.ts';
import { spanContextOf } from '../src/traces/traceparent.ts';

const settings: TraceSettings = {
  exporter: { kind: 'console' },
  service: 'orders',
  resource: { 'deployment.environment.name': 'test' },
  sampler: { name: 'parentbased_always_on', ratio: 1 },
  propagates: true,
  batch: { delayMs: 60_000, queueMax: 100, exportMax: 100, exportTimeoutMs: 1_000 },
};

interface Opened extends Traces {
  readonly told: SpansTold[];
  /** After a flush. */
  readonly spans: () => Promise<ReadableSpan[]>;
}

function open(some: Partial<TraceSettings> = {}, exporter?: SpanExporter, clock?: Clock): Opened {
  const memory = new InMemorySpanExporter();
  const told: SpansTold[] = [];
  const traces = openTraces(
    { ...settings, ...some },
    {
      cluster: 'main',
      worker: 'worker-1',
      executor: 'shared-0',
      system: 'kafka',
      clock: clock ?? systemClock,
      tell: (each) => void told.push(each),
      exporter: exporter ?? memory,
    },
  );
  return {
    ...traces,
    told,
    spans: async () => {
      await traces.flush();
      return memory.getFinishedSpans();
    },
  };
}

function startOf(more: Partial<TraceStart> = {}): TraceStart {
  const beganMs = systemClock.monotonicMs() - 50;
  return {
    kind: 'source',
    connector: 'orders',
    task: 2,
    fence: 7,
    records: 10,
    links: [],
    beganMs,
    ...more,
  };
}

const traceId = '0af7651916cd43dd8448eb211c80319c';
const written = `00-${traceId}-b7ad6b7169203331-01`;
const unsampled = `00-${traceId}-b7ad6b7169203331-00`;

test('spans have names, kinds, times and attributes by the conventions', async () => {
  const { spans, tracer } = open();
  // A minute ago: longer than anything that a machine does in between.
  const [beganMs, beganAtMs] = [systemClock.monotonicMs() - 60_000, Date.now() - 60_000];
  const trace = tracer.begin(startOf({ beganMs }));
  const step = { beganMs, endedMs: beganMs + 20, error: undefined };
  trace?.step({ ...step, name: 'poll', records: 10 });
  trace?.step({ ...step, name: 'produce', records: 10, topics: ['orders-in'] });
  trace?.step({ ...step, name: 'produce', records: 10, topics: ['a', 'b'] });
  trace?.end(beganMs + 30, undefined);
  const found = await spans();
  const [poll, one, several, root] = found;
  expect(found.map(({ name }) => name)).toEqual([
    'poll',
    'produce orders-in',
    'produce',
    'source orders',
  ]);
  const task = { 'sluice.connector': 'orders', 'sluice.task': 2, 'sluice.fence': 7 };
  expect(poll?.attributes).toEqual({ ...task, 'messaging.batch.message_count': 10 });
  expect(one?.kind).toBe(SpanKind.PRODUCER);
  expect(one?.attributes).toEqual({
    ...task,
    'messaging.batch.message_count': 10,
    'messaging.system': 'kafka',
    'messaging.operation.name': 'produce',
    'messaging.operation.type': 'send',
    'messaging.destination.name': 'orders-in',
  });
  expect(several?.attributes).not.toHaveProperty('messaging.destination.name');
  expect(root?.resource.attributes).toMatchObject({
    'service.name': 'orders',
    'service.instance.id': 'worker-1',
    'deployment.environment.name': 'test',
    'sluice.cluster': 'main',
  });
  expect(new Set(found.map((span) => span.spanContext().traceId)).size).toBe(1);
  expect(poll?.parentSpanContext?.spanId).toBe(root?.spanContext().spanId);
  const { startTime = [0, 0], duration = [0, 0] } = poll ?? {};
  expect(Math.abs(startTime[0] * 1_000 + startTime[1] / 1e6 - beganAtMs)).toBeLessThan(10_000);
  expect(Math.round(duration[1] / 1e6)).toBe(20);
  expect(trace?.header).toEqual(['traceparent', Buffer.from(trace?.traceparent ?? '')]);
  expect(spanContextOf(trace?.traceparent ?? '')).toMatchObject({
    traceId: root?.spanContext().traceId,
    spanId: root?.spanContext().spanId,
  });
});

test('an error is told by its type and its text', async () => {
  const { spans, tracer } = open();
  const trace = tracer.begin(startOf({ kind: 'sink' }));
  const error = { type: 'task.put_failed', message: 'no room' };
  trace?.step({ name: 'put', beganMs: 0, endedMs: 1, error });
  trace?.end(2, error);
  const [put, root] = await spans();
  expect(put?.attributes['error.type']).toBe('task.put_failed');
  expect(put?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'no room' });
  expect(root).toMatchObject({ kind: SpanKind.CONSUMER, status: { code: SpanStatusCode.ERROR } });
});

test('links are those that are any, and what a sink reads is looked at if what wrote it was', async () => {
  const off = open({ sampler: { name: 'parentbased_always_off', ratio: 1 } });
  expect(off.tracer.begin(startOf())).toBeUndefined();
  const links = ['nonsense', unsampled];
  expect(off.tracer.begin(startOf({ kind: 'sink', links }))).toBeUndefined();
  off.tracer.begin(startOf({ kind: 'sink', links: [...links, written] }))?.end(1, undefined);
  const [span] = await off.spans();
  expect(span?.links.map(({ context }) => context.traceId)).toEqual([traceId, traceId]);
  const strict = open({ sampler: { name: 'always_off', ratio: 1 } });
  expect(strict.tracer.begin(startOf({ kind: 'sink', links: [written] }))).toBeUndefined();
});

test('where contexts are not propagated records carry none, and none is looked for', async () => {
  const { spans, tracer } = open({ propagates: false });
  expect(tracer.begin(startOf())?.header).toBeUndefined();
  tracer.begin(startOf({ kind: 'sink', links: [written] }))?.end(1, undefined);
  tracer.begin(startOf({ kind: 'commit', links: [written] }))?.end(1, undefined);
  expect((await spans()).map(({ links }) => links.length)).toEqual([0, 1]);
});

test.each([
  ['', false],
  [written, true],
  [`ff-${traceId}-b7ad6b7169203331-01`, false],
  [`01-${traceId}-b7ad6b7169203331-01-more`, true],
  [`${written}-more`, false],
  [`00-${'0'.repeat(32)}-b7ad6b7169203331-01`, false],
  [`00-${traceId}-${'0'.repeat(16)}-01`, false],
  [written.toUpperCase(), false],
])('%j is a context: %s', (text, isOne) => {
  expect(spanContextOf(text) !== undefined).toBe(isOne);
});

/** Answers when it is told to. */
class HeldExporter implements SpanExporter {
  readonly #answers: Parameters<SpanExporter['export']>[1][] = [];

  get asked(): number {
    return this.#answers.length;
  }

  export(_spans: ReadableSpan[], answer: Parameters<SpanExporter['export']>[1]): void {
    this.#answers.push(answer);
  }

  answer(error?: Error): void {
    for (const each of this.#answers.splice(0))
      each(error ? { code: ExportResultCode.FAILED, error } : { code: ExportResultCode.SUCCESS });
  }

  async shutdown(): Promise<void> {}
}

test('a collector that does not answer holds nobody up: what does not fit is dropped, and counted', async () => {
  const exporter = new HeldExporter();
  const batch = { delayMs: 1, queueMax: 10, exportMax: 5, exportTimeoutMs: 60_000 };
  const { flush, told, tracer } = open({ batch }, exporter);
  const end = (times: number): void => {
    for (let index = 0; index < times; index += 1) tracer.begin(startOf())?.end(1, undefined);
  };
  end(5);
  await waitFor(() => exporter.asked, { what: 'an export', until: (asked) => asked === 1 });
  end(13);
  exporter.answer(new Error('503 for //user:hunter2@collector'));
  await waitFor(() => told.at(-1), { what: 'it to be told', until: (last) => last !== undefined });
  expect(told.at(-1)).toMatchObject({ exported: 0, dropped: 8, isFlushed: false });
  expect(told.at(-1)?.problem).toMatch(/^503 for .*collector$/);
  expect(told.at(-1)?.problem).not.toContain('hunter2');
  const flushed = flush();
  await waitFor(() => exporter.asked, { what: 'the rest', until: (asked) => asked >= 1 });
  const answering = setInterval(() => exporter.answer(), 5);
  await flushed;
  clearInterval(answering);
  const total = told.reduce((sum, { exported }) => sum + exported, 0);
  expect(total).toBe(10);
  expect(told.at(-1)).toMatchObject({ problem: undefined, isFlushed: true });
});

test('a flush ends within its limit, whoever does not answer', async () => {
  const clock = new FakeClock();
  const { flush, told, tracer } = open({}, new HeldExporter(), clock);
  tracer.begin(startOf())?.end(1, undefined);
  const flushed = flush();
  await clock.advance(2_000);
  await flushed;
  expect(told.map(({ isFlushed }) => isFlushed)).toEqual([true]);
});

test('a flush waits for an export that is under way', async () => {
  const exporter = new HeldExporter();
  const batch = { delayMs: 1, queueMax: 10, exportMax: 5, exportTimeoutMs: 60_000 };
  const { flush, told, tracer } = open({ batch }, exporter);
  tracer.begin(startOf())?.end(1, undefined);
  await waitFor(() => exporter.asked, { what: 'an export', until: (asked) => asked === 1 });
  const flushed = flush();
  await new Promise((resolve) => setImmediate(resolve));
  expect(told).toEqual([]);
  exporter.answer();
  await flushed;
  expect(told).toMatchObject([{ exported: 1, dropped: 0, isFlushed: true }]);
});

test('a flush exports a whole queue at a time', async () => {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.end('{}'));
  });
  onTestFinished(() => void server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const exporter = {
    kind: 'otlp',
    protocol: 'http/json',
    url: `http://127.0.0.1:${port}/v1/traces`,
    headers: {},
    timeoutMs: 10_000,
    compression: 'none',
    tls: {},
  } as const;
  const batch = { delayMs: 60_000, queueMax: 40, exportMax: 5, exportTimeoutMs: 10_000 };
  const told: SpansTold[] = [];
  const traces = openTraces(
    { ...settings, exporter, batch },
    {
      cluster: 'main',
      worker: 'worker-1',
      executor: 'shared-0',
      system: 'kafka',
      clock: systemClock,
      tell: (each) => void told.push(each),
    },
  );
  for (let index = 0; index < 40; index += 1) traces.tracer.begin(startOf())?.end(1, undefined);
  await traces.flush();
  expect(told.at(-1)).toMatchObject({ exported: 40, dropped: 0, problem: undefined });
});

function stoppedWith(exporter: SpanExporter) {
  const { told, tracer, ...traces } = open({}, exporter);
  const ending = new AbortController();
  const factory = withLastSpans(
    () => ({
      start: async () => {},
      receive: async () => {},
      stop: async () => tracer.begin(startOf())?.end(1, undefined),
    }),
    traces,
  );
  const actor = factory({} as never, { signal: ending.signal } as never);
  return { actor, ending, told };
}

test('an actor with an executor of its own has ended when its last spans are exported', async () => {
  const memory = new InMemorySpanExporter();
  const { actor, told } = stoppedWith(memory);
  await actor.start();
  await actor.stop('stop');
  expect(memory.getFinishedSpans().map(({ name }) => name)).toEqual(['source orders']);
  expect(told).toMatchObject([{ exported: 1, isFlushed: true }]);
  expect(actor.shownTrace?.('Error: a')).toBe('Error: a');
});

test('a collector that does not answer makes no actor overstay its grace', async () => {
  const { actor, ending, told } = stoppedWith(new HeldExporter());
  const stopping = actor.stop('failed');
  await new Promise((resolve) => setImmediate(resolve));
  ending.abort();
  await stopping;
  // Not at the limit of the flush.
  expect(told).toEqual([]);
});

function reports(clock: FakeClock) {
  const said: string[] = [];
  const counted = { exported: 0, dropped: 0 };
  const say = (level: string) => (fields: object, text: string) =>
    void said.push(`${level} ${text.slice(0, 24)}`);
  const logger = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
  const spans = new SpanReports({
    count: ({ exported, dropped }) => {
      counted.exported += exported;
      counted.dropped += dropped;
    },
    logger: { ...logger, child: () => logger } as never,
    clock,
  });
  return { spans, said, counted };
}

const told = (more: Partial<SpansTold> = {}): SpansTold => ({
  type: 'spans',
  exported: 0,
  dropped: 0,
  problem: undefined,
  isFlushed: false,
  ...more,
});

test('what executors tell is counted; that it went wrong is said once, and once that it goes well again', async () => {
  const clock = new FakeClock();
  const { counted, said, spans } = reports(clock);
  for (const executor of ['shared-0', 'shared-1', 'shared-0'])
    spans.told(executor, told({ dropped: 5, problem: 'refused' }));
  spans.told('shared-0', told({ exported: 3 }));
  spans.told('shared-0', told({ dropped: 1, problem: 'refused' }));
  expect(said).toEqual(['warn spans cannot be exported', 'info spans are exported again']);
  expect(counted).toEqual({ exported: 3, dropped: 16 });
  await clock.advance(60_000);
  spans.told('shared-0', told({ dropped: 1, problem: 'refused' }));
  expect(said).toHaveLength(3);
});

test('a stop waits for what each executor has, and not for long', async () => {
  const clock = new FakeClock();
  const { spans } = reports(clock);
  await spans.flush([], () => {});
  let isDone = false;
  let asked = 0;
  const flushing = spans.flush(['a', 'b'], () => (asked += 1)).then(() => (isDone = true));
  spans.told('a', told({ isFlushed: true }));
  await clock.advance(1);
  expect([asked, isDone]).toEqual([1, false]);
  spans.told('b', told({ isFlushed: true }));
  await flushing;
  const late = spans.flush(['a'], () => {});
  await clock.advance(2_500);
  await late;
});
