/** Which batches are looked at. */
import { type Link, TraceFlags, trace } from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  type SamplingResult,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';

import type { TraceSettings } from './settings.ts';

export function samplerOf({ name, ratio }: TraceSettings['sampler']): Sampler {
  const root = name.endsWith('always_on')
    ? new AlwaysOnSampler()
    : name.endsWith('always_off')
      ? new AlwaysOffSampler()
      : new TraceIdRatioBasedSampler(ratio);
  return name.startsWith('parentbased_')
    ? new LinkedSampler(new ParentBasedSampler({ root }))
    : root;
}

/**
 * A batch of a sink has no parent but links to those that wrote its records: if one of them is looked at, it is too. Else,
 * of a ratio of 1 %, 1 % of 1 % would show how a record goes from its source to its target.
 */
class LinkedSampler implements Sampler {
  readonly #inner: Sampler;

  constructor(inner: Sampler) {
    this.#inner = inner;
  }

  shouldSample(...asked: Parameters<Sampler['shouldSample']>): SamplingResult {
    const [context, , , , , links] = asked;
    if (trace.getSpan(context) === undefined && links.some(isSampled))
      return { decision: SamplingDecision.RECORD_AND_SAMPLED };
    return this.#inner.shouldSample(...asked);
  }

  toString(): string {
    return `Linked{${this.#inner.toString()}}`;
  }
}

function isSampled({ context }: Link): boolean {
  return (context.traceFlags & TraceFlags.SAMPLED) !== 0;
}
