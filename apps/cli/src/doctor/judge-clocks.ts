/** Clocks say when something was; nothing depends on them. Pure. */
import { type Finding, ok, warn } from './finding.ts';

export interface ClockFact {
  readonly who: string;
  /** Ahead of Redis; undefined: it was not reached, for the reason. */
  readonly skewMs: number | undefined;
  readonly reason?: string;
}

/** The head of a response names whole seconds. */
const toleratedMs = 2_500;

export function judgeClocks(facts: readonly ClockFact[]): Finding[] {
  const known = facts.flatMap(({ who, skewMs }) => (skewMs === undefined ? [] : [{ who, skewMs }]));
  const unknown = facts.filter(({ skewMs }) => skewMs === undefined);
  const wrong = known.filter(({ skewMs }) => Math.abs(skewMs) > toleratedMs);
  const findings = wrong.map(({ who, skewMs }) =>
    warn(
      'clocks',
      `the clock of ${who} is ${(Math.abs(skewMs) / 1_000).toFixed(1)} s ${skewMs > 0 ? 'ahead of' : 'behind'} that of Redis`,
      'set both by NTP: times of events and timestamps of records are wrong, though nothing else is',
    ),
  );
  if (wrong.length === 0 && known.length > 0) {
    findings.push(ok('clocks', `that of Redis and ${known.length} others agree`));
  }
  for (const { who, reason } of unknown) {
    findings.push(ok('clocks', `that of ${who} is not known: ${reason ?? 'it did not answer'}`));
  }
  return findings;
}
