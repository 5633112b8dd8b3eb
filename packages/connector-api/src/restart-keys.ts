/**
 * How a connector and its tasks are started again after they failed. Kafka Connect does not, so these keys are checked
 * like all others, but not listed where its clients ask for the keys of a plugin.
 */
import { type ConfigKey, parseConfigValue } from './config-def.ts';
import type { ConnectorConfig } from './task.ts';

export interface RestartSettings {
  /** Restarts in a row; Infinity: it is never given up. */
  readonly attemptsMax: number;
  /** Delay before the first, then twice as long each time. */
  readonly initialMs: number;
  readonly maxMs: number;
  /** What ran for so long is well again, and its failures are forgotten. */
  readonly resetAfterMs: number;
}

export const defaultRestartSettings: RestartSettings = {
  attemptsMax: 5,
  initialMs: 500,
  maxMs: 30_000,
  resetAfterMs: 60_000,
};

/** A timer holds no more. */
const delayMsMax = 2 ** 31 - 1;

function key(
  name: string,
  rules: { readonly min: number; readonly max: number },
  [defaultValue, displayName, documentation]: readonly [number, string, string],
): ConfigKey {
  return {
    name,
    type: 'INT',
    required: false,
    defaultValue: String(defaultValue),
    importance: 'MEDIUM',
    group: 'Restarts',
    width: 'SHORT',
    displayName,
    rules,
    documentation,
  };
}

const delay = { min: 1, max: delayMsMax };

export const RESTART_KEYS: readonly ConfigKey[] = [
  key('restart.max.attempts', { min: -1, max: delayMsMax }, [
    defaultRestartSettings.attemptsMax,
    'Most Restarts in a Row',
    'So often what failed is started again before it is FAILED. 0: never; -1: for ever.',
  ]),
  key('restart.backoff.initial.ms', delay, [
    defaultRestartSettings.initialMs,
    'Delay Before the First Restart',
    'Delay, in ms, before the first restart; each further one waits twice as long. A random part of up to half is taken off.',
  ]),
  key('restart.backoff.max.ms', delay, [
    defaultRestartSettings.maxMs,
    'Longest Delay Before a Restart',
    'Longest delay, in ms, before a restart.',
  ]),
  key('restart.reset.after.ms', delay, [
    defaultRestartSettings.resetAfterMs,
    'Time After Which Failures Are Forgotten',
    'What ran for so long, in ms, is well again: its restarts are counted from nothing.',
  ]),
];

/** Of a configuration that was checked; what is not given, or no number, is the default. */
export function restartSettingsOf(config: ConnectorConfig): RestartSettings {
  const numberOf = (name: string, fallback: number): number => {
    const parsed = parseConfigValue('INT', config[name] ?? '');
    return 'value' in parsed ? Number(parsed.value) : fallback;
  };
  const { attemptsMax, initialMs, maxMs, resetAfterMs } = defaultRestartSettings;
  const attempts = numberOf('restart.max.attempts', attemptsMax);
  return {
    attemptsMax: attempts < 0 ? Number.POSITIVE_INFINITY : attempts,
    initialMs: numberOf('restart.backoff.initial.ms', initialMs),
    maxMs: numberOf('restart.backoff.max.ms', maxMs),
    resetAfterMs: numberOf('restart.reset.after.ms', resetAfterMs),
  };
}
