/**
 * One client in a process of its own: takes a job as JSON, prints a sample as JSON. With `correctness` and an
 * address it compares instead.
 */
import type { Sample } from '../window.ts';
import { checkCorrectness } from './correctness.ts';
import * as kafkajs from './kafkajs-client.ts';
import * as sluice from './sluice-client.ts';
import type { Job } from './workload.ts';

const [text = '', bootstrap = ''] = process.argv.slice(2);
if (text === 'correctness') console.log(JSON.stringify(await checkCorrectness(bootstrap)));
else console.log(JSON.stringify(await run(JSON.parse(text) as Job)));

async function run(job: Job): Promise<Sample> {
  const { fetch, produce } = job.client === 'sluice' ? sluice : kafkajs;
  return job.direction === 'fetch' ? await fetch(job) : await produce(job);
}
