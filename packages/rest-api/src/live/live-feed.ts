/**
 * Follows the cluster for all who look at a dashboard of this process: one reader, one comparison and one text for
 * all of them, and nothing at all while nobody looks.
 *
 *     idle ──somebody comes──▶ reading, each turn ──nobody is left when a turn is due──▶ idle
 *
 * Failures: without the store, what was seen last stays, and clients are told how old it is, soon also of a store that
 * does not answer at all. A client whose line does
 * not take what there is gets nothing more until it does, and then the whole view: nothing is queued for it but what
 * is on its way. Events that went back (the store lost data) are told by a whole view as well.
 */
import type { ClusterClient, LoadReport, LoadReports } from '@sluice/coordination';
import { type Clock, type Timer, toError } from '@sluice/kernel';

import { ApiError } from '../api-error.ts';
import { within } from '../cluster-access.ts';
import { describeEvent, describeView, type LiveNames, type SeenCluster } from './describe-view.ts';
import { difference, isLater } from './difference.ts';
import { eventsMax, type LiveEvent, type LiveStale, type LiveView } from './live-view.ts';

export interface LiveClient {
  /** Whether its line takes more now. */
  readonly takesMore: boolean;
  send(message: Buffer): void;
}

export interface LiveFeedOptions {
  readonly client: Pick<ClusterClient, 'snapshot' | 'events'>;
  readonly names: LiveNames;
  readonly clock: Clock;
  /** What workers tell of their load; default: nobody tells. */
  readonly loads?: Pick<LoadReports, 'readAll'>;
  readonly clientsMax?: number;
  /** Of one caller. */
  readonly clientsOfOneMax?: number;
}

/** What happened is on the screen within a second. */
const turnMs = 500;
const loadsEveryMs = 1_000;
/** A client that hears nothing for two seconds takes its data for old. */
const tickEveryMs = 1_000;
/** The store's own limit comes first; this is for one that hangs. */
const lookMsMax = 10_000;
/** Whoever looks is told that nothing comes, long before the store is given up. */
const slowMs = 2_000;
const clientsMaxDefault = 200;
/** Enough for a team that shares a name; a single caller must not shut out the others. */
const clientsOfOneMaxDefault = 50;
/** In most turns there is none. */
const eventsAtOnce = 20;

type EventName = 'view' | 'change' | 'tick' | 'stale';

export class LiveFeed {
  readonly #options: LiveFeedOptions;
  /** Whether it has all that was sent, so that changes will do. */
  readonly #clients = new Map<LiveClient, { isUpToDate: boolean; readonly caller?: string }>();
  #view: LiveView | undefined;
  #viewMessage: Buffer | undefined;
  #loads: ReadonlyMap<string, LoadReport> = new Map();
  #loadsReadMs = Number.NEGATIVE_INFINITY;
  #toldMs = Number.NEGATIVE_INFINITY;
  /** Why the view is not of now; undefined: it is. */
  #staleFor: string | undefined;
  #turning: Promise<void> | undefined;
  #timer: Timer | undefined;
  /** A look may take longer than a turn; one at a time, since each is compared with the one before it. */
  #isFollowing = false;
  #isStopped = false;

  constructor(options: LiveFeedOptions) {
    this.#options = options;
  }

  /**
   * Resolves when there is something to show. `caller`: who asks, where it is known.
   * @throws about a store that does not answer; ApiError 503.
   */
  async ready(caller?: string): Promise<void> {
    this.#assertOpen(caller);
    if (this.#view) return;
    this.#turning ??= this.#turn().finally(() => {
      this.#turning = undefined;
    });
    await this.#turning;
  }

  /** Once ready. @returns what ends it. @throws ApiError 503. */
  add(client: LiveClient, caller?: string): () => void {
    this.#assertOpen(caller);
    this.#clients.set(client, { isUpToDate: false, ...(caller !== undefined && { caller }) });
    this.#bringUpToDate();
    this.#schedule(turnMs);
    return () => {
      this.#clients.delete(client);
    };
  }

  get clients(): number {
    return this.#clients.size;
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#clients.clear();
  }

  #assertOpen(caller: string | undefined): void {
    const { clientsMax = clientsMaxDefault, clientsOfOneMax = clientsOfOneMaxDefault } =
      this.#options;
    if (this.#isStopped) throw unavailable('this coordinator is being stopped');
    if (this.#clients.size >= clientsMax) {
      throw unavailable(
        `${clientsMax} dashboards are open on this coordinator, which is the most: close some, or open another coordinator's`,
      );
    }
    if (caller !== undefined && this.#clientsOf(caller) >= clientsOfOneMax) {
      throw unavailable(
        `${caller} has ${clientsOfOneMax} dashboards open on this coordinator, which is the most: close some, or open another coordinator's`,
      );
    }
  }

  #clientsOf(caller: string): number {
    return [...this.#clients.values()].filter((each) => each.caller === caller).length;
  }

  #schedule(ms: number): void {
    if (this.#isStopped || this.#timer || this.#isFollowing) return;
    this.#timer = this.#options.clock.after(ms, () => {
      this.#timer = undefined;
      if (this.#clients.size === 0) this.#rest();
      else void this.#follow();
    });
  }

  /** Nobody looks any more. */
  #rest(): void {
    this.#view = undefined;
    this.#viewMessage = undefined;
    this.#loads = new Map();
    this.#loadsReadMs = Number.NEGATIVE_INFINITY;
  }

  /** Never rejects. */
  async #follow(): Promise<void> {
    const { clock } = this.#options;
    const beganMs = clock.monotonicMs();
    this.#isFollowing = true;
    let slow: Timer;
    const tellSlow = (): void => {
      const seconds = Math.round((clock.monotonicMs() - beganMs) / 1_000);
      this.#tellStale(`it has not answered for ${seconds} s`);
      slow = clock.after(tickEveryMs, tellSlow);
    };
    slow = clock.after(slowMs, tellSlow);
    try {
      await this.#turn();
    } catch (error) {
      this.#tellStale(toError(error).message);
    } finally {
      slow.cancel();
      this.#isFollowing = false;
    }
    const tookMs = clock.monotonicMs() - beganMs;
    this.#schedule(Math.max(turnMs - tookMs, turnMs / 4));
  }

  async #turn(): Promise<void> {
    const { clock, names } = this.#options;
    const before = this.#view;
    const [{ snapshot, snapshotAtMs }, events] = await within(
      Promise.all([this.#readSnapshot(), this.#readEvents(before?.events ?? [])]),
      lookMsMax,
      clock,
    );
    await this.#readLoads(snapshot.workers.map(({ member }) => member.worker));
    const seen = { snapshot, events, loads: this.#loads, atMs: clock.wallMs(), snapshotAtMs };
    const after = describeView(seen, names);
    this.#viewMessage = undefined;
    this.#staleFor = undefined;
    if (!before || wentBack(before.events, events)) {
      this.#view = after;
      for (const state of this.#clients.values()) state.isUpToDate = false;
      this.#bringUpToDate();
      return;
    }
    const { change, next } = difference(before, after);
    this.#view = next;
    if (change) this.#tell(messageOf('change', change));
    else if (clock.monotonicMs() - this.#toldMs >= tickEveryMs) {
      this.#tell(messageOf('tick', { at_ms: after.at_ms }));
    }
  }

  /** With the time: events and loads may take seconds longer, in which a lease runs down. */
  async #readSnapshot(): Promise<Pick<SeenCluster, 'snapshot' | 'snapshotAtMs'>> {
    const { client, clock } = this.#options;
    const snapshot = await client.snapshot();
    return { snapshot, snapshotAtMs: clock.wallMs() };
  }

  /** The newest first, as many as a view has. */
  async #readEvents(known: readonly LiveEvent[]): Promise<readonly LiveEvent[]> {
    const { client } = this.#options;
    const [newest] = known;
    if (!newest) return (await client.events(eventsMax)).map(describeEvent);
    const latest = (await client.events(eventsAtOnce)).map(describeEvent);
    const isJoined = latest.some(({ id }) => id === newest.id);
    if (!isJoined) return (await client.events(eventsMax)).map(describeEvent);
    const added = latest.filter(({ id }) => isLater(id, newest.id));
    return added.length === 0 ? known : [...added, ...known].slice(0, eventsMax);
  }

  /** Best effort, as telling them is. */
  async #readLoads(workers: readonly string[]): Promise<void> {
    const { loads, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    // A turn that is a little early would make it wait for another one.
    if (!loads || nowMs - this.#loadsReadMs < loadsEveryMs - turnMs / 2) return;
    try {
      this.#loads = await within(loads.readAll(workers), lookMsMax, clock);
      this.#loadsReadMs = nowMs;
    } catch {
      // They are told anew each second; what cannot be read at all fails the look as well.
    }
  }

  #tellStale(reason: string): void {
    const { clock } = this.#options;
    this.#staleFor = reason;
    if (clock.monotonicMs() - this.#toldMs < tickEveryMs) return;
    this.#tell(this.#staleMessage(reason));
  }

  #staleMessage(reason: string): Buffer {
    const nowMs = this.#options.clock.wallMs();
    const stale: LiveStale = { at_ms: this.#view?.at_ms ?? nowMs, now_ms: nowMs, reason };
    return messageOf('stale', stale);
  }

  /** To those that have all before it; the others get a view that has it. */
  #tell(message: Buffer): void {
    this.#toldMs = this.#options.clock.monotonicMs();
    for (const [client, state] of this.#clients) {
      if (!state.isUpToDate) continue;
      if (client.takesMore) client.send(message);
      else state.isUpToDate = false;
    }
    this.#bringUpToDate();
  }

  #bringUpToDate(): void {
    if (!this.#view) return;
    for (const [client, state] of this.#clients) {
      if (state.isUpToDate || !client.takesMore) continue;
      this.#viewMessage ??= messageOf('view', this.#view);
      client.send(this.#viewMessage);
      if (this.#staleFor !== undefined) client.send(this.#staleMessage(this.#staleFor));
      state.isUpToDate = true;
    }
  }
}

/** Whether what is known is no more in the store, though it would have to be: what came later would be a gap. */
function wentBack(known: readonly LiveEvent[], events: readonly LiveEvent[]): boolean {
  const [newest] = known;
  if (!newest || events.some(({ id }) => id === newest.id)) return false;
  const oldest = events.at(-1);
  const isPushedOut = events.length >= eventsMax && oldest && isLater(oldest.id, newest.id);
  return !isPushedOut;
}

function unavailable(why: string): ApiError {
  return new ApiError(503, `No live view: ${why}`, { headers: { 'retry-after': '5' } });
}

function messageOf(event: EventName, data: object): Buffer {
  return Buffer.from(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}
