import { Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';

import { LiveStream } from '../../src/live/live-stream.ts';

/** A line that takes one message, and another one each time that it is told to. */
function line() {
  const taken: string[] = [];
  let goOn = (): void => {};
  const writable = new Writable({
    highWaterMark: 1,
    write(chunk: Buffer, _encoding, done) {
      taken.push(chunk.toString());
      goOn = done;
    },
  });
  return { taken, writable, goOn: () => goOn() };
}

test('while a line does not take what it was sent, there is no room for more', async () => {
  const { taken, writable, goOn } = line();
  const stream = new LiveStream();
  expect(stream.takesMore).toBe(true);
  stream.send(Buffer.from('view'));
  expect(stream.takesMore).toBe(false);
  stream.pipe(writable);
  await nextTurn();
  expect(taken).toEqual(['view']);
  expect(stream.takesMore).toBe(false);
  goOn();
  await nextTurn();
  expect(stream.takesMore).toBe(true);
  stream.send(Buffer.from('change'));
  await nextTurn();
  expect(taken).toEqual(['view', 'change']);
});

test('one that was ended takes nothing more, and may be ended twice', async () => {
  const { taken, writable } = line();
  const stream = new LiveStream();
  stream.pipe(writable);
  stream.end();
  stream.end();
  stream.send(Buffer.from('late'));
  await nextTurn();
  expect(stream.takesMore).toBe(false);
  expect(taken).toEqual([]);
  expect(writable.writableEnded).toBe(true);
});

test('one that was destroyed takes nothing more', () => {
  const stream = new LiveStream();
  stream.destroy();
  stream.send(Buffer.from('late'));
  stream.end();
  expect(stream.takesMore).toBe(false);
});
