/** Kafka's own command-line tools, by their main classes, against a Kafka of a test. */
import type { ChildProcess } from 'node:child_process';
import { SluiceError } from '@sluice/kernel';
import { requireKafka } from './find-kafka.ts';
import { spawnGuarded } from './guarded-process.ts';
import type { KafkaHandle } from './kafka.ts';
import { javaArguments, javaEnvironment } from './kafka-java.ts';

const mainClasses = {
  'kafka-acls': 'org.apache.kafka.tools.AclCommand',
  'kafka-configs': 'kafka.admin.ConfigCommand',
  'kafka-console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'kafka-console-producer': 'org.apache.kafka.tools.ConsoleProducer',
  'kafka-consumer-groups': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  'kafka-consumer-perf-test': 'org.apache.kafka.tools.ConsumerPerformance',
  'kafka-delete-records': 'org.apache.kafka.tools.DeleteRecordsCommand',
  'kafka-get-offsets': 'org.apache.kafka.tools.GetOffsetShell',
  'kafka-leader-election': 'org.apache.kafka.tools.LeaderElectionCommand',
  'kafka-producer-perf-test': 'org.apache.kafka.tools.ProducerPerformance',
  'kafka-reassign-partitions': 'org.apache.kafka.tools.reassign.ReassignPartitionsCommand',
  'kafka-topics': 'org.apache.kafka.tools.TopicCommand',
  'kafka-transactions': 'org.apache.kafka.tools.TransactionsCommand',
} as const;

/** Where Kafka 3 has them elsewhere. */
const oldMainClasses: Partial<Record<KafkaToolName, string>> = {
  'kafka-acls': 'kafka.admin.AclCommand',
  'kafka-console-producer': 'kafka.tools.ConsoleProducer',
};

export type KafkaToolName = keyof typeof mainClasses;

export const kafkaToolNames = Object.keys(mainClasses) as readonly KafkaToolName[];

const timeoutMsDefault = 60_000;

export interface KafkaToolOptions {
  /** What it reads; then its input ends. */
  readonly stdin?: string;
  /** Default 60 000. */
  readonly timeoutMs?: number;
  /** As in `startKafka`. */
  readonly tuning?: 'quick' | 'server';
  /** Default 256. */
  readonly heapMb?: number;
  /** For `makeKafkaArchives`. */
  readonly archiveTo?: string;
}

/** A tool that runs. */
export interface RunningKafkaTool {
  readonly child: ChildProcess;
  /** Resolves when it has ended, with its exit code or how else it ended; never rejects. */
  readonly ended: Promise<number | string>;
}

/** Who is asked: a Kafka of `startKafka`, or just addresses. */
export type KafkaToolTarget = Pick<KafkaHandle, 'bootstrap'> &
  Partial<Pick<KafkaHandle, 'version'>>;

/**
 * Runs a tool to its end and returns what it printed on stdout. The address of the Kafka is added unless the
 * arguments have one. A tool that fails, or does not end within the limit, is an error with its output.
 *
 * @example
 * await kafkaTool(kafka, 'kafka-topics', ['--create', '--topic', 'orders', '--partitions', '3']);
 */
export async function kafkaTool(
  kafka: KafkaToolTarget,
  tool: KafkaToolName,
  args: readonly string[],
  options: KafkaToolOptions = {},
): Promise<string> {
  const timeoutMs = options.timeoutMs ?? timeoutMsDefault;
  const { child, ended } = startKafkaTool(kafka, tool, args, options);
  const output: { stdout: string; stderr: string } = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  // It may end before it has read all: that is told by how it ends.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.stdin ?? '');
  let isLate = false;
  const limit = setTimeout(() => {
    isLate = true;
    child.kill('SIGKILL');
  }, timeoutMs);
  const ending = await ended;
  clearTimeout(limit);
  const end = isLate ? `did not end within ${timeoutMs} ms` : ending;
  if (end === 0) return output.stdout;
  const how = typeof end === 'number' ? `ended with code ${end}` : end;
  throw new SluiceError(
    'kafka.tool',
    `${tool} ${args.join(' ')} ${how}; it printed:\n${output.stdout}${output.stderr}`.trimEnd(),
  );
}

/** Starts a tool and returns at once, for one that is measured, or ended early. The caller reads its output. */
export function startKafkaTool(
  kafka: KafkaToolTarget,
  tool: KafkaToolName,
  args: readonly string[],
  options: Omit<KafkaToolOptions, 'stdin' | 'timeoutMs'> = {},
): RunningKafkaTool {
  const [command, commandArgs] = kafkaToolCommand(kafka, tool, args, options);
  const child = spawnGuarded({ command, args: commandArgs, env: javaEnvironment });
  const ended = new Promise<number | string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code ?? `was ended by ${signal}`));
  });
  return { child, ended };
}

/** The command line of a tool. */
export function kafkaToolCommand(
  kafka: KafkaToolTarget,
  tool: KafkaToolName,
  args: readonly string[],
  options: Pick<KafkaToolOptions, 'archiveTo' | 'heapMb' | 'tuning'> = {},
): [string, string[]] {
  const home = requireKafka(kafka.version);
  const isOld = home.version.startsWith('3.');
  const javaArgs = javaArguments({
    home,
    program: 'tool',
    mainClass: (isOld ? oldMainClasses[tool] : undefined) ?? mainClasses[tool],
    args: withAddress(tool, args, { bootstrap: kafka.bootstrap, isOld }),
    heapMb: options.heapMb ?? 256,
    tuning: options.tuning ?? 'quick',
    ...(options.archiveTo === undefined ? {} : { archiveTo: options.archiveTo }),
  });
  return [home.java, javaArgs];
}

/** The tool's arguments with the address of the Kafka, unless they have one. */
function withAddress(
  tool: KafkaToolName,
  args: readonly string[],
  { bootstrap, isOld }: { readonly bootstrap: string; readonly isOld: boolean },
): string[] {
  if (args.includes('--bootstrap-server')) return [...args];
  if (!isOld || tool !== 'kafka-producer-perf-test') {
    return [...args, '--bootstrap-server', bootstrap];
  }
  // The old one takes a single list of properties, which goes up to the next option.
  const at = args.indexOf('--producer-props');
  const server = `bootstrap.servers=${bootstrap}`;
  return at === -1
    ? [...args, '--producer-props', server]
    : [...args.slice(0, at + 1), server, ...args.slice(at + 1)];
}
