/** `npm run bench -- <name> [options]`: runs bench/<name>.ts. */
import { access } from 'node:fs/promises';

const benchmarks: Readonly<Record<string, string>> = {
  api: 'how long clients of the REST API wait with 1 000 connectors, beside Kafka Connect',
  cdc: 'a table captured into Kafka from PostgreSQL and MariaDB, beside Debezium',
  assignment: 'plans for 10 000 tasks on 100 workers, and what each change of workers moves',
  pipeline:
    'records/s and CPU of converters and transforms, by hand and in Kafka Connect beside them',
  log: 'records/s and CPU of the Kafka adapter, beside stock kafkajs and its own tools',
  'fake-redis': 'scripts a second on the fake Redis of the simulator',
  backpressure: 'whether memory grows while a fast source meets slow sinks',
  failover: 'from SIGKILL of a worker to the first new record of each lost task',
  dashboard: 'what open dashboards cost the coordinator, and how late they show what happens',
  dispatch: '10 000 tasks on 10 workers, from apply to all RUNNING',
  scale: 'what coordination costs Redis and the leader, up to 1 000 workers and 100 000 tasks',
};

interface Benchmark {
  /** Resolves with the exit code. */
  main(argv: readonly string[]): Promise<number>;
}

function isBenchmark(value: unknown): value is Benchmark {
  return (
    typeof value === 'object' &&
    value !== null &&
    'main' in value &&
    typeof value.main === 'function'
  );
}

async function run([name, ...argv]: readonly string[]): Promise<number> {
  if (name === undefined || !Object.hasOwn(benchmarks, name)) {
    if (name !== undefined && name !== '--help') console.error(`there is no benchmark "${name}"\n`);
    console.error('usage: npm run bench -- <name> [--json] [options]\n');
    for (const [known, text] of Object.entries(benchmarks)) {
      console.error(`  ${known.padEnd(12)} ${text}`);
    }
    return name === '--help' ? 0 : 2;
  }
  const file = new URL(`./${name}.ts`, import.meta.url);
  try {
    await access(file);
  } catch {
    console.error(`the benchmark "${name}" is not written yet: bench/${name}.ts is missing`);
    return 2;
  }
  const module: unknown = await import(file.href);
  if (!isBenchmark(module)) {
    console.error(`bench/${name}.ts exports no function main(argv)`);
    return 1;
  }
  return module.main(argv);
}

process.exitCode = await run(process.argv.slice(2));
