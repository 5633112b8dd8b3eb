/** The options that every command has, wherever on the command line they stand. */
import { SluiceError } from '@sluice/kernel';
import { redisUrlProblem } from '@sluice/redis-connection';
import { type Command, Option } from 'commander';

import { CliError, exitCodes } from './exit-codes.ts';
import type { Io } from './io.ts';

export interface GlobalOptions {
  readonly redisUrl: string;
  readonly cluster: string;
  readonly profile: string;
  readonly json: boolean;
}

export interface WaitOptions {
  readonly wait: boolean;
  readonly timeoutMs: number;
}

const defaultRedisUrl = 'redis://127.0.0.1:6379';
const defaultCluster = 'default';
const defaultTimeout = '60s';

export function addGlobalOptions(command: Command): Command {
  return command
    .addOption(new Option('--redis <url>', `Redis (REDIS_URL, else ${defaultRedisUrl})`))
    .addOption(new Option('--cluster <name>', `cluster (SLUICE_CLUSTER, else ${defaultCluster})`))
    .addOption(new Option('--json', 'print JSON'));
}

export function addWaitOptions(command: Command, effect: string): Command {
  return command
    .addOption(new Option('--wait', `wait until ${effect}`))
    .addOption(
      new Option('--timeout <time>', 'give up waiting: 500ms, 60s, 5m').default(defaultTimeout),
    );
}

/** Of the command and its parents; the nearest wins. */
export function globalOptionsOf(command: Command, { env }: Io): GlobalOptions {
  const given = optionsOf(command);
  const text = (key: string): string | undefined => {
    const value = given[key];
    return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
  };
  const fromEnvironment = (name: string): string | undefined => env[name]?.trim() || undefined;
  const redisUrl = text('redis') ?? fromEnvironment('REDIS_URL') ?? defaultRedisUrl;
  checkRedisUrl(redisUrl);
  return {
    redisUrl,
    cluster: text('cluster') ?? fromEnvironment('SLUICE_CLUSTER') ?? defaultCluster,
    profile: fromEnvironment('SLUICE_PROFILE') ?? 'default',
    json: given['json'] === true,
  };
}

export function waitOptionsOf(command: Command): WaitOptions {
  const given = optionsOf(command);
  const timeout = typeof given['timeout'] === 'string' ? given['timeout'] : defaultTimeout;
  return {
    wait: given['wait'] === true,
    timeoutMs: parseDuration(timeout, '--timeout'),
  };
}

/** Options that the program has, too, are taken by it, wherever they stand. */
export function optionsOf(command: Command): Readonly<Record<string, unknown>> {
  const merged: Record<string, unknown> = {};
  for (let at: Command | null = command; at; at = at.parent) {
    for (const [key, value] of Object.entries(at.opts())) merged[key] ??= value;
  }
  return merged;
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** `500ms`, `60s`, `5m`, `1h`; a bare number is seconds. */
export function parseDuration(text: string, option: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)?$/.exec(text.trim());
  const factor = unitMs[match?.[2] ?? 's'];
  if (!match || factor === undefined) {
    throw new CliError(
      exitCodes.usage,
      `${option} ${text} is not a time: write a number with ms, s, m or h, as in ${option} 90s`,
    );
  }
  return Number(match[1]) * factor;
}

export function parseWholeNumber(text: string, option: string): number {
  if (!/^\d{1,9}$/.test(text)) {
    throw new CliError(exitCodes.usage, `${option} ${text} is not a whole number`);
  }
  return Number(text);
}

function checkRedisUrl(url: string): void {
  const problem = redisUrlProblem(url);
  if (problem !== undefined) throw new SluiceError('config.invalid', `the Redis URL ${problem}`);
}
