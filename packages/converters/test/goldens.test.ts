/**
 * What Kafka Connect 4.3.1 itself has answered (`npm run goldens`) is what we answer: the same bytes for the
 * same value, the same value for the same bytes, and refusals for refusals.
 */
import { readFileSync } from 'node:fs';
import { schemasEqual } from '@sluice/connector-api';
import { describe, expect, test } from 'vitest';
import { type GoldenCase, goldenCases } from './oracle/golden-cases.ts';
import { type Answer, askSluice, dataOf, type Request } from './oracle/oracle.ts';

interface Golden {
  readonly title: string;
  readonly request: Request;
  readonly answer: Answer;
  /** What Kafka Connect reads of the bytes that it has written. */
  readonly read?: Answer;
}

const file = new URL('./goldens/kafka-connect-4.3.1.jsonl', import.meta.url);
const goldens = readFileSync(file, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Golden);

test('the goldens are answers to the cases that there are', () => {
  expect(goldens.map(({ title, request }) => ({ title, request }))).toEqual(
    goldenCases.map(({ title, request }) => ({ title, request })),
  );
});

const withCases = goldens.map((golden, index) => ({ ...golden, ...goldenCases[index] }));

describe('writing', () => {
  const writes = withCases.filter(({ request }) => request.op === 'write');

  test.each(writes)('$title', async ({ request, answer }) => {
    const ours = await askSluice(request);
    if ('error' in answer) expect(ours).toHaveProperty('error');
    else expect(textOf(ours)).toEqual(textOf(answer));
  });

  test.each(writes.filter(({ read }) => read))('$title, read again', async (golden) => {
    const { request, answer, read, ours, why } = golden;
    if (!read || !('bytes' in answer)) return;
    const { schema: _schema, value: _value, ...rest } = request;
    await expectSameData({ ...rest, op: 'read', bytes: answer.bytes }, read, { ours, why });
  });
});

describe('reading', () => {
  const reads = withCases.filter(({ request }) => request.op === 'read');

  test.each(reads)('$title', async ({ request, answer, ours, why }) => {
    await expectSameData(request, answer, { ours, why });
  });
});

type Differs = { [Name in 'ours' | 'why']: GoldenCase[Name] | undefined };

async function expectSameData(request: Request, theirs: Answer, differs: Differs): Promise<void> {
  const answer = await askSluice(request);
  const ours = dataOf(answer);
  const same = dataOf(theirs);
  if (differs.why !== undefined) {
    expect(ours, 'it does not differ any more').not.toEqual(same);
    if (differs.ours === 'refused') expect(ours).toBeUndefined();
    else expect(ours?.value).toEqual(differs.ours?.value);
    return;
  }
  if (!same) {
    expect(answer).toHaveProperty('error');
    return;
  }
  expect(answer).not.toHaveProperty('error');
  expect(ours?.value).toEqual(same.value);
  expect(schemasEqual(ours?.schema, same.schema)).toBe(true);
}

/** Readable in failures. */
function textOf(answer: Answer): unknown {
  return 'bytes' in answer && answer.bytes !== null
    ? Buffer.from(answer.bytes, 'base64').toString('latin1')
    : answer;
}
