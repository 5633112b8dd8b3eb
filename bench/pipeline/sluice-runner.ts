/**
 * The product's own path: the two functions that a task's run calls for each batch, with the converters and
 * transforms that it makes of its configuration. Loaded from a folder, which may be another release of them.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { SinkRecord, SourceRecord } from '@sluice/connector-api';

import { configOf, type Job } from './cases.ts';
import { fetchedBatches, polledBatches, schemaOf, valuesOf } from './records.ts';
import type { Runner } from './runner.ts';

type RuntimeModules = typeof import('../../packages/runtime/src/process-sink-batches.ts') &
  typeof import('../../packages/runtime/src/process-source-batch.ts') &
  typeof import('../../packages/runtime/src/task-converters.ts') &
  typeof import('../../packages/runtime/src/task-transforms.ts');

export async function sluiceRunner(job: Job): Promise<Runner> {
  const runtime = await loadRuntime(job.root);
  return job.direction === 'source' ? sourceRunner(job, runtime) : await sinkRunner(job, runtime);
}

async function loadRuntime(root: string): Promise<RuntimeModules> {
  const names = [
    'process-sink-batches',
    'process-source-batch',
    'task-converters',
    'task-transforms',
  ];
  const loaded = await Promise.all(
    names.map(async (name): Promise<unknown> => {
      const file = join(root, 'packages/runtime/src', `${name}.ts`);
      return await import(pathToFileURL(file).href);
    }),
  );
  return Object.assign({}, ...loaded) as RuntimeModules;
}

function sourceRunner(job: Job, runtime: RuntimeModules): Runner {
  const config = configOf(job);
  const converters = runtime.createTaskConverters(config, {});
  const chain = runtime.createTaskTransforms(config);
  const batches = polledBatches(job, job.batch);
  const process = async (batch: readonly SourceRecord[] = []) =>
    await runtime.processSourceBatch(batch, converters, chain);
  return {
    batches: batches.length,
    async run(batch) {
      const { topics } = await process(batches[batch]);
      return topics.reduce((sum, { records }) => sum + records.length, 0);
    },
    async results() {
      const { topics } = await process(batches[0]);
      return topics.flatMap(({ records }) => records.map(({ value }) => value ?? Buffer.alloc(0)));
    },
  };
}

async function sinkRunner(job: Job, runtime: RuntimeModules): Promise<Runner> {
  const config = configOf(job);
  const converters = runtime.createTaskConverters(config, {});
  const chain = runtime.createTaskTransforms(config);
  const batches = fetchedBatches(await writtenValues(job, runtime), job.batch);
  const process = async (batch: number) => {
    const fetched = batches[batch];
    return await runtime.processSinkBatches(fetched ? [fetched] : [], converters, chain);
  };
  return {
    batches: batches.length,
    async run(batch) {
      return (await process(batch)).records.length;
    },
    async results() {
      const { records } = await process(0);
      const { bytes } = await converters.value.toBytes({
        topic: job.pipeline,
        values: records.map(({ value }: SinkRecord) => value),
        schemas: records.map(({ valueSchema }) => valueSchema),
      });
      return bytes.map((one) => one ?? Buffer.alloc(0));
    },
  };
}

/** What is in the log for a sink: converted, and not transformed. */
export async function writtenValues(
  job: Job,
  runtime?: RuntimeModules,
): Promise<readonly Uint8Array[]> {
  const { createTaskConverters } = runtime ?? (await loadRuntime(job.root));
  const { value: converter } = createTaskConverters(configOf(job), {});
  const schema = schemaOf(job);
  const values = valuesOf(job);
  const { bytes } = await converter.toBytes({
    topic: job.pipeline,
    values,
    ...(schema ? { schemas: values.map(() => schema) } : {}),
  });
  return bytes.map((one) => one ?? Buffer.alloc(0));
}
