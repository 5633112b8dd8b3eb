/** Names, kinds and attributes of spans, by OpenTelemetry's conventions for messaging where those know a word. Pure. */
import type { StepName, TraceError, TraceStart, TraceStep } from '@sluice/runtime';

export type SpanRole = 'internal' | 'client' | 'producer' | 'consumer';

export interface SpanFacts {
  readonly name: string;
  readonly role: SpanRole;
  readonly attributes: Readonly<Record<string, string | number>>;
}

/** `system`: what carries the records. */
export function factsOfBatch(start: TraceStart, system: string): SpanFacts {
  const { kind, connector, records } = start;
  const name = `${kind} ${connector}`;
  const attributes = {
    ...attributesOfTask(start),
    ...(records > 0 && { 'messaging.batch.message_count': records }),
  };
  if (kind !== 'sink') return { name, role: 'internal', attributes };
  return {
    name,
    role: 'consumer',
    attributes: {
      ...attributes,
      'messaging.system': system,
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
    },
  };
}

/** Steps that are calls of the record log: what they are called there. */
const operations: Partial<Readonly<Record<StepName, { role: SpanRole; type: string }>>> = {
  produce: { role: 'producer', type: 'send' },
  fetch: { role: 'client', type: 'receive' },
  commit: { role: 'client', type: 'settle' },
};

export function factsOfStep(step: TraceStep, start: TraceStart, system: string): SpanFacts {
  const { name, records, topics = [] } = step;
  const operation = operations[name];
  const [topic] = topics;
  const destination = topics.length === 1 ? topic : undefined;
  return {
    name: destination === undefined ? name : `${name} ${destination}`,
    role: operation?.role ?? 'internal',
    attributes: {
      ...attributesOfTask(start),
      ...(records !== undefined && { 'messaging.batch.message_count': records }),
      ...(operation && {
        'messaging.system': system,
        'messaging.operation.name': name,
        'messaging.operation.type': operation.type,
      }),
      ...(destination !== undefined && { 'messaging.destination.name': destination }),
    },
  };
}

export function attributesOfError({ type }: TraceError): Readonly<Record<string, string>> {
  return { 'error.type': type };
}

function attributesOfTask({ connector, fence, task }: TraceStart): Record<string, string | number> {
  return { 'sluice.connector': connector, 'sluice.task': task, 'sluice.fence': fence };
}
