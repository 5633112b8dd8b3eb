import { expect, test } from 'vitest';
import { Mailbox } from '../src/mailbox.ts';

async function takeAll(mailbox: Mailbox<number>, count: number): Promise<number[]> {
  const taken: number[] = [];
  for (let index = 0; index < count; index++) {
    const next = await mailbox.take();
    if (next.kind === 'message') taken.push(next.message);
  }
  return taken;
}

test('a mailbox gives messages in the order in which they came', async () => {
  const mailbox = new Mailbox<number>('task/a/0');
  mailbox.offer(1);
  mailbox.offer(2);
  const [first] = await takeAll(mailbox, 1);
  mailbox.offer(3);
  expect([first, ...(await takeAll(mailbox, 2))]).toEqual([1, 2, 3]);
});

test('a reader that waits gets the next message', async () => {
  const mailbox = new Mailbox<number>('task/a/0');
  const taken = mailbox.take();
  mailbox.offer(7);
  expect(await taken).toEqual({ kind: 'message', message: 7 });
  expect(mailbox.size).toBe(0);
});

test('undefined is a message like any other', async () => {
  const mailbox = new Mailbox<undefined>('task/a/0');
  mailbox.offer(undefined);
  expect(await mailbox.take()).toEqual({ kind: 'message', message: undefined });
});

test('a full mailbox refuses by a typed error that names the actor, and takes again after a read', async () => {
  const mailbox = new Mailbox<number>('task/a/0', 2);
  mailbox.offer(1);
  mailbox.offer(2);
  expect(() => mailbox.offer(3)).toThrow(
    expect.objectContaining({
      code: 'actor.mailbox-full',
      retriable: true,
      message: expect.stringContaining('task/a/0') as string,
    }),
  );
  await mailbox.take();
  mailbox.offer(4);
  expect(await takeAll(mailbox, 2)).toEqual([2, 4]);
});

test('closing drops what was not taken, wakes the reader and refuses offers', async () => {
  const mailbox = new Mailbox<number>('task/a/0');
  mailbox.offer(1);
  mailbox.close();
  expect(await mailbox.take()).toEqual({ kind: 'closed' });
  const other = new Mailbox<number>('task/a/1');
  const waiting = other.take();
  other.close();
  expect(await waiting).toEqual({ kind: 'closed' });
  expect(() => other.offer(1)).toThrow(expect.objectContaining({ code: 'actor.mailbox-closed' }));
});

test('a second reader is a programmer error', () => {
  const mailbox = new Mailbox<number>('task/a/0');
  void mailbox.take();
  expect(() => mailbox.take()).toThrow('one reader');
});
