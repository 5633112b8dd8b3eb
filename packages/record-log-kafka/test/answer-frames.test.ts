import { expect, test } from 'vitest';

import { AnswerFrames } from '../src/kafkajs/answer-frames.ts';

interface Answer {
  readonly correlationId: number;
  readonly payload: Buffer;
}

function frame({ correlationId, payload }: Answer): Buffer {
  const header = Buffer.alloc(8);
  header.writeInt32BE(4 + payload.length, 0);
  header.writeInt32BE(correlationId, 4);
  return Buffer.concat([header, payload]);
}

/** Through one buffer that is overwritten each time, as a socket's is. */
function split(stream: Buffer, bytesAtOnce: number): Answer[] {
  const answers: Answer[] = [];
  const frames = new AnswerFrames((correlationId, payload) =>
    answers.push({ correlationId, payload }),
  );
  const arrived = Buffer.alloc(bytesAtOnce);
  for (let at = 0; at < stream.length; at += bytesAtOnce) {
    const bytes = stream.copy(arrived, 0, at, at + bytesAtOnce);
    frames.push(arrived.subarray(0, bytes));
  }
  return answers;
}

const answers: readonly Answer[] = [
  { correlationId: 0, payload: Buffer.from('first') },
  { correlationId: 1, payload: Buffer.alloc(0) },
  { correlationId: 0x7fffffff, payload: Buffer.alloc(100_000, 'large') },
  { correlationId: 2, payload: Buffer.from('last') },
];
const stream = Buffer.concat(answers.map(frame));

test.each([1, 2, 3, 4, 5, 7, 64, 65_536, stream.length])(
  'answers are whole when %i bytes arrive at once, and keep nothing of the buffer they arrived in',
  (bytesAtOnce) => {
    expect(split(stream, bytesAtOnce)).toEqual(answers);
  },
);

test('an answer that has not come to its end is not told', () => {
  expect(split(stream.subarray(0, -1), 64)).toEqual(answers.slice(0, -1));
});

test.each([
  ['shorter than its correlation id', [0, 0, 0, 3]],
  ['of a negative length', [0xff, 0xff, 0xff, 0xff]],
  ['HTTP', Buffer.from('HTTP/1.1 400 Bad Request')],
  ['an alert of TLS', [0x15, 0x03, 0x03, 0, 2, 2, 0x46]],
])('what cannot be an answer is told: %s', (_, bytes) => {
  expect(() => split(Buffer.from(bytes), 64)).toThrow(/^an answer of -?\d+ bytes$/);
});
