/** Where those put what they ask for who may not add requests, and who that is. */
import type { InboxEntry, OperatorInbox } from '@sluice/coordination';
import { SluiceError } from '@sluice/kernel';
import type { Redis } from 'ioredis';

import { Keys } from './keys.ts';
import { Reads, streamEntries } from './reads.ts';
import { Scripts } from './scripts.ts';

export interface RedisOperatorInboxOptions {
  readonly redis: Redis;
  readonly cluster: string;
}

export class RedisOperatorInbox implements OperatorInbox {
  readonly #scripts: Scripts;
  readonly #reads: Reads;

  constructor({ redis, cluster }: RedisOperatorInboxOptions) {
    const keys = new Keys(cluster);
    this.#scripts = new Scripts(redis, keys);
    this.#reads = new Reads(redis, keys);
  }

  /** What the user of this connection may do: the server says so by the user's rules, and keeps to them. */
  async roleOfUser(): Promise<'viewer' | 'operator' | 'admin'> {
    const reply = await this.#scripts.run('role-of-user', []);
    return reply.status('viewer', 'operator', 'admin');
  }

  async put({ id, body, who, from }: Omit<InboxEntry, 'position'>): Promise<string> {
    const reply = await this.#scripts.run('put-in-inbox', [id, body, who, from]);
    if (!reply.is('full')) return reply.at(1).text();
    throw new SluiceError(
      'requests.full',
      'too many requests of operators wait: start a coordinator, then try again',
      { retriable: true },
    );
  }

  async entries(max: number): Promise<InboxEntry[]> {
    const entries = await this.#reads.run('requests of operators', (redis, keys) =>
      redis.xrange(keys.of('operator-inbox'), '-', '+', 'COUNT', max),
    );
    return streamEntries(entries).map(({ id: position, fields }) => {
      const text = (name: string): string => fields.get(name) ?? '';
      const [id, body, who, from] = [text('id'), text('body'), text('who'), text('from')];
      return { position, id: id || position, body, who, from };
    });
  }

  async remove(position: string): Promise<boolean> {
    const reply = await this.#scripts.run('remove-from-inbox', [position]);
    return reply.status('removed', 'gone') === 'removed';
  }
}
