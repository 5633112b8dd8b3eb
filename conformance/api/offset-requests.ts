/** Offsets as requests and answers have them, and what is said of them. */
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { waitFor } from '@sluice/testkit';
import type { Trial } from '../trial.ts';
import { type Answer, ask } from './request.ts';

export const frameworkManaged = (done: string): string =>
  `The Connect framework-managed offsets for this connector have been ${done} successfully. However, if this connector manages offsets externally, they will need to be manually ${done} in the system that the connector uses.`;
export const own = (done: string): string =>
  `The offsets for this connector have been ${done} successfully`;

export const notStopped = (name: string): string =>
  `Connectors must be in the STOPPED state before their offsets can be modified. This can be done for the specified connector by issuing a 'PUT' request to the '/connectors/${name}/stop' endpoint`;

export const offsetsOf = (name: string): string => `/connectors/${name}/offsets`;

export async function read(trial: Trial, name: string): Promise<readonly unknown[]> {
  const answer = await ask(trial, `GET ${offsetsOf(name)}`);
  assert.equal(answer.status, 200, answer.text);
  const body = answer.body as { readonly offsets: readonly unknown[] };
  assert.deepEqual(Object.keys(body), ['offsets']);
  return body.offsets;
}

export async function untilRead(
  trial: Trial,
  name: string,
  expected: readonly unknown[],
): Promise<void> {
  await waitFor(() => read(trial, name), {
    what: `the offsets of ${name} to be ${JSON.stringify(expected)}`,
    until: (offsets) => isDeepStrictEqual(offsets, expected),
    timeoutMs: 40_000,
    intervalMs: 200,
  });
}

/** A sink task of Kafka Connect may be seen in its group for a moment after it has stopped. */
export async function change(
  trial: Trial,
  request: string,
  offsets?: readonly unknown[],
): Promise<Answer> {
  return await waitFor(
    () => ask(trial, request, offsets === undefined ? {} : { body: { offsets } }),
    {
      what: `an answer to ${request}`,
      until: ({ status, text }) => status !== 500 || !text.includes('zombie sink task'),
      timeoutMs: 40_000,
      intervalMs: 200,
    },
  );
}

export const position = (file: string | undefined, at: number) => ({
  partition: { filename: file },
  offset: { position: at },
});

export const place = (topic: string, offset: number, partition = 0) => ({
  partition: { kafka_partition: partition, kafka_topic: topic },
  offset: { kafka_offset: offset },
});
