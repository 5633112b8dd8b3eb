/** The exit codes of `sluice`. Scripts rely on them: a number never changes its meaning. */
import { SluiceError } from '@sluice/kernel';
import { CommanderError } from 'commander';

export const exitCodes = {
  ok: 0,
  unexpected: 1,
  usage: 2,
  invalid: 3,
  notFound: 4,
  unreachable: 5,
  timeout: 6,
  failed: 7,
  differs: 8,
  unhealthy: 9,
} as const;

export const exitCodeTable: readonly (readonly [code: number, meaning: string])[] = [
  [exitCodes.ok, 'done, or accepted and pending'],
  [exitCodes.unexpected, 'an error that sluice did not expect; please report it'],
  [exitCodes.usage, 'wrong command, option or argument'],
  [
    exitCodes.invalid,
    'refused: a definition (dev, preview: the module, its configuration) is invalid, a group is in use, or this sluice is too old',
  ],
  [
    exitCodes.notFound,
    'no such connector, task, worker, topic, group, dead letter queue or secret',
  ],
  [
    exitCodes.unreachable,
    'Redis does not answer, or refuses the user: its password, or what its role may not do',
  ],
  [exitCodes.timeout, '--wait: not there within --timeout; what was asked for stays asked for'],
  [exitCodes.failed, '--wait, dev, preview: a connector or task FAILED'],
  [exitCodes.differs, 'diff, plan: --exit-code, and there is something to change'],
  [exitCodes.unhealthy, 'doctor: something is broken'],
];

/** Errors that the user sees as a message alone; anything else is shown with its stack. */
export class CliError extends SluiceError {
  readonly exitCode: number;

  constructor(exitCode: number, message: string, options: { cause?: unknown } = {}) {
    super('cli.refused', message, options);
    this.exitCode = exitCode;
  }
}

const unreachableCodes: ReadonlySet<string> = new Set([
  'store.unreachable',
  'store.denied',
  'log.unreachable',
  'log.forbidden',
  'secrets.unreachable',
]);

export function exitCodeOf(error: unknown): number {
  if (error instanceof CliError) return error.exitCode;
  // Commander throws for --help and --version, too.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (error instanceof SluiceError) {
    if (unreachableCodes.has(error.code)) return exitCodes.unreachable;
    if (error.code === 'config.invalid' || error.code.startsWith('bind.')) return exitCodes.usage;
    // Another release than the cluster's.
    if (error.code.startsWith('cluster.')) return exitCodes.invalid;
  }
  return exitCodes.unexpected;
}
