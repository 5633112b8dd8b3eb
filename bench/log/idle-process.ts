/**
 * What a client costs that has readers and writers open and nothing to do: prints CPU time and memory, of this
 * process with the client less without it.
 */
import { KafkaLog } from '@sluice/record-log-kafka';

import type { IdleCost, IdleJob } from './workload.ts';

const settleMs = 3_000;

const [text = ''] = process.argv.slice(2);
const { bootstrap, topic, partitions, pairs, measureMs } = JSON.parse(text) as IdleJob;

await sleep(settleMs);
const alone = await measure();
const log = new KafkaLog({ brokers: [bootstrap], cluster: 'idle', clientId: 'bench' });
await log.start();
for (let nth = 0; nth < pairs; nth += 1) {
  const writer = await log.openWriter({ id: `writer-${nth}`, fence: 1 });
  await writer.produce([{ topic, records: [{ key: null, value: Buffer.from('one') }] }]);
  const reader = await log.openReader({
    identity: { id: `reader-${nth}`, fence: 1 },
    group: `idle-${nth}`,
    reset: 'latest',
  });
  await reader.assign([{ topic, partition: nth % partitions }]);
  void pollForEver(reader);
}
await sleep(settleMs);
const open = await measure();
const cost: IdleCost = {
  seconds: open.seconds,
  cpuPercent: open.cpuPercent,
  cpuPercentWithout: alone.cpuPercent,
  rssMb: open.rssMb,
  rssMbWithout: alone.rssMb,
};
console.log(JSON.stringify(cost));
log.destroy();
process.exit();

/** As a sink does between two puts. */
async function pollForEver(reader: Awaited<ReturnType<KafkaLog['openReader']>>): Promise<void> {
  for (;;) await reader.poll(60_000);
}

async function measure(): Promise<{ seconds: number; cpuPercent: number; rssMb: number }> {
  const before = process.cpuUsage();
  const sinceMs = performance.now();
  await sleep(measureMs);
  const { user, system } = process.cpuUsage(before);
  const seconds = (performance.now() - sinceMs) / 1_000;
  return {
    seconds,
    cpuPercent: ((user + system) / 1e6 / seconds) * 100,
    rssMb: process.memoryUsage.rss() / 1024 / 1024,
  };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
