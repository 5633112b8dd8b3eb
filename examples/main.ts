/** `npm run example -- <name> [options]`: runs examples/<name>.ts, which starts what it needs and checks its own outcome. */
import { parseArgs } from 'node:util';
import { toError } from '@sluice/kernel';
import type { Example } from './support/example.ts';
import { allAsExpected, outcomeText } from './support/outcome.ts';

const examples: Readonly<Record<string, { text: string; load: () => Promise<Example> }>> = {
  bullmq: {
    text: 'jobs of a BullMQ queue to records of a topic, and back into a queue',
    load: () => import('./bullmq.ts'),
  },
  logs: {
    text: 'log files of several services, rotated meanwhile, to one topic and to daily files',
    load: () => import('./logs.ts'),
  },
  orders: {
    text: 'changes of tables in PostgreSQL, through topics, to tables in MariaDB as the warehouse',
    load: () => import('./orders.ts'),
  },
};

const usage = `Usage: npm run example -- NAME [options]

${Object.entries(examples)
  .map(([name, { text }]) => `  ${name.padEnd(10)} ${text}`)
  .join('\n')}

  --kafka       records go through a Kafka of its own (Redis Streams)
  --count N     so many jobs, lines of each service, or orders (2000)
  --json        prints the outcome as JSON
  --help

Each starts what it needs, kills workers in the middle of it, and prints what went in and what came out. The exit code
is 1 if that is not right.
`;

const countMax = 1_000_000;

async function main(argv: readonly string[]): Promise<number> {
  let parsed: ReturnType<typeof read>;
  try {
    parsed = read(argv);
  } catch (error) {
    console.error(`${toError(error).message}\n\n${usage}`);
    return 2;
  }
  const { name, options } = parsed;
  if (options.help) {
    console.log(usage);
    return 0;
  }
  const example = name === undefined ? undefined : examples[name];
  const count = Number(options.count);
  if (!example || !Number.isInteger(count) || count < 100 || count > countMax) {
    console.error(example ? `--count must be a whole number from 100 to ${countMax}\n` : '');
    console.error(usage);
    return 2;
  }
  try {
    const { main: run } = await example.load();
    const outcome = await run({ kafka: options.kafka, count });
    const isRight = allAsExpected(outcome);
    const log = options.kafka ? 'kafka' : 'redis';
    console.log(
      options.json
        ? JSON.stringify({ example: name, log, isRight, ...outcome }, undefined, 2)
        : `\n${outcomeText(outcome)}`,
    );
    return isRight ? 0 : 1;
  } catch (error) {
    console.error(`the example failed: ${toError(error).message}`);
    return 1;
  }
}

function read(argv: readonly string[]) {
  const { positionals, values } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      kafka: { type: 'boolean', default: false },
      count: { type: 'string', default: '2000' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [name, ...more] = positionals;
  if (more.length > 0) throw new Error(`one example at a time, not ${positionals.join(', ')}`);
  return { name, options: values };
}

// Not by its exit code alone: a connection that lingers would hold the prompt back.
process.exit(await main(process.argv.slice(2)));
