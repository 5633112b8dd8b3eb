import { SluiceError, silentLogger } from '@sluice/kernel';
import { FakeClock } from '@sluice/kernel/testing';
import { describe, expect, test } from 'vitest';

import { type Agreement, protocolSpoken } from '../src/agreement.ts';
import { Election } from '../src/election.ts';
import { timingProfiles } from '../src/profile.ts';
import type { LeaderStore, LeaderTerm, LeadReply, LeadRequest } from '../src/store.ts';

const profile = timingProfiles.default;
const agreement: Agreement = { protocol: protocolSpoken, log: 'redis' };

/** The lease of a cluster, whose expiry follows no clock: a test says when it is over. */
class PlayedLease {
  holder: LeaderTerm | undefined;
  renewals = 0;
  isAway = false;
  bug: Error | undefined;
  isRefusing = false;
  readonly asked: { readonly coordinator: string; readonly takeOver: string | undefined }[] = [];
  readonly withdrawn: string[] = [];
  #epoch = 0;

  async lead({ coordinator, takeOver }: LeadRequest): Promise<LeadReply> {
    this.asked.push({ coordinator, takeOver });
    if (this.bug) throw this.bug;
    if (this.isRefusing) return { kind: 'refused', disagreement: { about: 'protocol', inUse: 2 } };
    if (this.isAway) throw new SluiceError('store.unreachable', 'Redis does not answer');
    const observed = `${this.holder?.coordinator}|${this.renewals}`;
    if (this.holder?.coordinator === coordinator) {
      this.renewals++;
      return { kind: 'leading', term: this.holder, elected: false, founded: false };
    }
    if (this.holder && takeOver !== observed) {
      return { kind: 'following', observed, leader: this.holder.coordinator };
    }
    this.holder = { coordinator, epoch: ++this.#epoch };
    this.renewals = 0;
    return { kind: 'leading', term: this.holder, elected: true, founded: this.#epoch === 1 };
  }

  async withdraw(coordinator: string): Promise<void> {
    this.withdrawn.push(coordinator);
  }

  async resign(term: LeaderTerm): Promise<void> {
    if (this.isAway) throw new SluiceError('store.unreachable', 'Redis does not answer');
    if (this.holder?.epoch === term.epoch) this.holder = undefined;
  }
}

interface Candidate {
  readonly election: Election;
  /** Epochs of the terms that began, 0 for each end; those that founded the data set with a star. */
  readonly changes: string[];
  readonly errors: string[];
}

function candidate(lease: PlayedLease, clock: FakeClock, name = 'c1'): Candidate {
  const changes: string[] = [];
  const errors: string[] = [];
  const election = new Election({
    coordinator: name,
    store: lease as unknown as LeaderStore,
    clock,
    profile,
    logger: { ...silentLogger, error: (_fields, message) => errors.push(message) },
    agreement,
    abandonedLog: () => undefined,
    onRefused: (disagreement) => changes.push(`refused ${disagreement.inUse}`),
    onChange: (term, founded) => changes.push(`${term?.epoch ?? 0}${founded ? '*' : ''}`),
  });
  return { election, changes, errors };
}

async function leading(): Promise<Candidate & { lease: PlayedLease; clock: FakeClock }> {
  const lease = new PlayedLease();
  const clock = new FakeClock();
  const only = candidate(lease, clock);
  await only.election.start();
  await clock.advance(0);
  return { ...only, lease, clock };
}

describe('a term', () => {
  test('begins with the first answer, once, and lasts while it is renewed', async () => {
    const { election, changes, lease, clock } = await leading();
    await clock.advance(10 * profile.leaderRenewMs);
    expect(changes).toEqual(['1*']);
    expect(election.term).toEqual({ coordinator: 'c1', epoch: 1 });
    expect(lease.renewals).toBe(10);
  });

  test('ends when another coordinator leads', async () => {
    const { election, changes, lease, clock } = await leading();
    lease.holder = { coordinator: 'c2', epoch: 9 };
    await clock.advance(profile.leaderRenewMs);
    expect(election.term).toBeUndefined();
    expect(changes).toEqual(['1*', '0']);
  });

  test('is another one if the store has lost it meanwhile', async () => {
    const { changes, lease, clock } = await leading();
    lease.holder = undefined;
    await clock.advance(profile.leaderRenewMs);
    expect(changes).toEqual(['1*', '2']);
  });

  test('outlives an outage shorter than the lease, and ends with a longer one', async () => {
    const { election, changes, lease, clock } = await leading();
    lease.isAway = true;
    await clock.advance(profile.leaderLeaseMs);
    expect(election.term).toBeDefined();
    await clock.advance(profile.leaderRenewMs);
    expect(changes).toEqual(['1*', '0']);
    lease.isAway = false;
    await clock.advance(profile.leaderRenewMs);
    expect(changes).toEqual(['1*', '0', '1']);
  });

  test('survives an attempt that fails otherwise, which is told; that the store is away is not', async () => {
    const { election, changes, errors, lease, clock } = await leading();
    lease.isAway = true;
    await clock.advance(profile.leaderRenewMs);
    expect(errors).toEqual([]);
    lease.isAway = false;
    lease.bug = new Error('a bug');
    await clock.advance(profile.leaderRenewMs);
    expect(errors).toEqual(['election failed']);
    lease.bug = undefined;
    await clock.advance(profile.leaderRenewMs);
    expect(election.term).toBeDefined();
    expect(changes).toEqual(['1*']);
  });

  test('ends when the cluster refuses it', async () => {
    const { election, changes, lease, clock } = await leading();
    lease.isRefusing = true;
    await clock.advance(profile.leaderRenewMs);
    expect(election.term).toBeUndefined();
    expect(changes.slice(0, 3)).toEqual(['1*', '0', 'refused 2']);
    await clock.advance(profile.leaderRenewMs);
    expect(changes.filter((change) => change === '0')).toHaveLength(1);
  });

  test('ends at once when another part of the leader is told so; an older term is not meant', async () => {
    const { election, changes } = await leading();
    election.deposed({ coordinator: 'c1', epoch: 0 });
    expect(changes).toEqual(['1*']);
    election.deposed({ coordinator: 'c1', epoch: 1 });
    expect(changes).toEqual(['1*', '0']);
    expect(election.term).toBeUndefined();
  });
});

describe('a follower', () => {
  async function following(): Promise<Candidate & { lease: PlayedLease; clock: FakeClock }> {
    const lease = new PlayedLease();
    const clock = new FakeClock();
    await lease.lead({ ...agreement, coordinator: 'c0', leaseMs: 1 });
    const follower = candidate(lease, clock);
    await follower.election.start();
    await clock.advance(0);
    return { ...follower, lease, clock };
  }

  test('asks more often than a leader renews, and takes over soon after the lease is free', async () => {
    const { changes, lease, clock } = await following();
    await clock.advance(profile.leaderRenewMs);
    expect(lease.asked.filter(({ coordinator }) => coordinator === 'c1').length).toBeGreaterThan(3);
    lease.holder = undefined;
    await clock.advance(profile.leaderRenewMs / 4);
    expect(changes).toEqual(['2']);
  });

  test('never asks for a lease that is renewed', async () => {
    const { changes, lease, clock } = await following();
    for (let renewal = 0; renewal < 10; renewal++) {
      await clock.advance(profile.leaderRenewMs);
      lease.renewals++;
    }
    expect(changes).toEqual([]);
    expect(lease.asked.every(({ takeOver }) => takeOver === undefined)).toBe(true);
  });

  test('takes over a value that stood still for a whole lease: the store’s clock may have jumped', async () => {
    const { changes, lease, clock } = await following();
    await clock.advance(profile.leaderLeaseMs + profile.leaderRenewMs);
    expect(changes).toEqual([]);
    await clock.advance(profile.leaderRenewMs / 2);
    expect(changes).toEqual(['2']);
    expect(lease.asked.at(-1)?.takeOver ?? lease.asked.at(-2)?.takeOver).toBe('c0|0');
  });

  test('has no term to lose while the store is away', async () => {
    const { changes, lease, clock } = await following();
    lease.isAway = true;
    await clock.advance(3 * profile.leaderLeaseMs);
    expect(changes).toEqual([]);
  });

  test('watches another value anew', async () => {
    const { changes, lease, clock } = await following();
    await clock.advance(profile.leaderLeaseMs);
    lease.renewals++;
    await clock.advance(profile.leaderLeaseMs);
    expect(changes).toEqual([]);
    await clock.advance(2 * profile.leaderRenewMs);
    expect(changes).toEqual(['2']);
  });
});

describe('stopping', () => {
  test('resigns, so that another leads at once', async () => {
    const { election, changes, lease } = await leading();
    await election.stop();
    expect(lease.holder).toBeUndefined();
    expect(lease.withdrawn).toEqual(['c1']);
    expect(changes).toEqual(['1*', '0']);
    await election.stop();
    expect(changes).toEqual(['1*', '0']);
  });

  test('asks for nothing afterwards', async () => {
    const { election, lease, clock } = await leading();
    await election.stop();
    await clock.advance(10 * profile.leaderLeaseMs);
    expect(lease.holder).toBeUndefined();
  });

  test('does not fail while the store is away', async () => {
    const { election, changes, lease } = await leading();
    lease.isAway = true;
    await election.stop();
    expect(changes).toEqual(['1*', '0']);
  });

  test('before it was started, and as a follower, there is nothing to resign', async () => {
    const lease = new PlayedLease();
    const clock = new FakeClock();
    await lease.lead({ ...agreement, coordinator: 'c0', leaseMs: 1 });
    const never = candidate(lease, clock, 'c1');
    await never.election.stop();
    const follower = candidate(lease, clock, 'c2');
    await follower.election.start();
    await clock.advance(0);
    await follower.election.stop();
    expect([...never.changes, ...follower.changes]).toEqual([]);
    expect(lease.holder?.coordinator).toBe('c0');
  });
});
