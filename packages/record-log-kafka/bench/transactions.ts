/**
 * What exactly once costs a source, on a broker of its own: calls of so many records one after the other, with their offset in
 * one transaction, and without, where the offset is stored each second. Alternating rounds; medians and their spread.
 *
 *     node --conditions=@sluice/source packages/record-log-kafka/bench/transactions.ts [rounds]
 */
import type { LogWriter } from '@sluice/record-log';
import { startKafka } from '@sluice/testkit';

import { KafkaLog } from '../src/index.ts';

const roundMs = 4_000;
const rounds = Number(process.argv[2] ?? 3);
const sizes = [10, 500, 5_000];
const connector = 'bench';
const source = { file: 'a' };

await using kafka = await startKafka();
const log = new KafkaLog({ brokers: kafka.brokers, cluster: 'bench', clientId: 'bench' });
await log.start();
await log.topics.create('bench', { partitions: 1 });
const writer = await log.openWriter({ id: 'bench.task/bench/0', fence: 1 });
for (const size of sizes) {
  const rates: Record<'once' | 'atLeastOnce', number[]> = { once: [], atLeastOnce: [] };
  const calls: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const once = await measure(writer, size, true);
    const atLeastOnce = await measure(writer, size, false);
    // The first warms up.
    if (round === 0) continue;
    rates.once.push(once.rate);
    calls.push(once.callMs);
    rates.atLeastOnce.push(atLeastOnce.rate);
  }
  const ratio = median(rates.once) / median(rates.atLeastOnce);
  process.stdout.write(
    `${size} records a call: ${shown(rates.atLeastOnce)} records/s at least once, ${shown(rates.once)} exactly once ` +
      `(${ratio.toFixed(2)} x), ${median(calls).toFixed(1)} ms a transaction\n`,
  );
}
await writer.close();
await log.stop();

async function measure(
  to: LogWriter,
  size: number,
  isOnce: boolean,
): Promise<{ rate: number; callMs: number }> {
  const records = Array.from({ length: size }, () => ({
    key: null,
    value: Buffer.alloc(100, 'x'),
    partition: 0,
  }));
  const batches = [{ topic: 'bench', records }];
  // A marker of the last transaction may still be on its way into the partition.
  await to.commitSourceOffsets(connector, [{ partition: source, offset: { number: -1 } }]);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const beganMs = performance.now();
  let [sent, calls, storedAtMs] = [0, 0, beganMs];
  while (performance.now() - beganMs < roundMs) {
    sent += size;
    calls += 1;
    const offsets = [{ partition: source, offset: { number: sent } }];
    if (isOnce) {
      await to.transact?.({ connector, batches, offsets });
      continue;
    }
    await to.produce(batches);
    if (performance.now() - storedAtMs < 1_000) continue;
    await to.commitSourceOffsets(connector, offsets);
    storedAtMs = performance.now();
  }
  const tookMs = performance.now() - beganMs;
  return { rate: (sent * 1_000) / tookMs, callMs: tookMs / calls };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function shown(rates: readonly number[]): string {
  const spread = ((Math.max(...rates) - Math.min(...rates)) / median(rates)) * 50;
  return `${Math.round(median(rates)).toLocaleString('en')} ±${Math.round(spread)} %`;
}
