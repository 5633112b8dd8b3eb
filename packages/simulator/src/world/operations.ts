/** Does to a cluster what an operation of a scenario says. What cannot be done just then is not done. */
import type { RequestBody } from '@sluice/coordination';
import { assertNever } from '@sluice/kernel';

import { isWorker, type SimulatedCluster } from './cluster.ts';
import type { RequestClient } from './request-client.ts';
import { type CutOperation, faultOf, type HoldOperation, type OperationKind } from './scenario.ts';

export class Operations {
  readonly #cluster: SimulatedCluster;
  readonly #client: RequestClient;
  /** Ends of what lasts for a while; the calm comes before some. */
  #waves = 0;

  constructor(cluster: SimulatedCluster, client: RequestClient) {
    this.#cluster = cluster;
    this.#client = client;
  }

  /** What was begun before ends with the calm, not at its own time. */
  newWave(): void {
    this.#waves++;
  }

  run(operation: OperationKind): void {
    const { world } = this.#cluster;
    const fault = faultOf(operation);
    if (!this.#do(operation)) return;
    world.coverage.add(fault);
    const { op, ...details } = operation;
    const text = Object.entries(details).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
    world.trace.note('fault', `${op} ${text.join(' ')}`);
  }

  /** Returns whether there was anything to do it to. */
  #do(operation: OperationKind): boolean {
    const { server, queue, journal, fake } = this.#cluster;
    switch (operation.op) {
      case 'crash':
        return this.#cluster.crash(operation.process, operation.downMs);
      case 'freeze':
        return this.#freeze(operation.process, operation.forMs);
      case 'stop':
        return this.#cluster.terminate(operation.process, operation.awayMs, operation.returns);
      case 'cut':
        return this.#cut(operation);
      case 'hold':
        return this.#hold(operation);
      case 'slow-link': {
        const links = this.#cluster.linksOf(operation.process, 'both');
        for (const link of links) link.slowMs = operation.slowMs;
        this.#later(operation.forMs, () => {
          for (const link of links) link.slowMs = 0;
        });
        return links.length > 0;
      }
      case 'redis-down':
        return this.#redisDown(operation.forMs, operation.losesMs);
      case 'redis-stall':
        if (server.isUp) server.stall(operation.forMs);
        return server.isUp;
      case 'redis-flush':
        this.#cluster.loseAll();
        return true;
      case 'redis-revert':
        return this.#cluster.loseLast(operation.backMs);
      case 'redis-loses':
        server.afterNext(operation.script, () => this.#lose(operation.script, operation.withinMs));
        return true;
      case 'wall-jump':
        fake.jumpClock(operation.byMs);
        this.#cluster.watches.status.clockJumped();
        return true;
      case 'queue':
        queue.begin(operation.trouble);
        this.#later(operation.forMs, () => queue.end(operation.trouble));
        return true;
      case 'journal-away':
        if (!journal) return false;
        journal.isAway = true;
        this.#later(operation.forMs, () => {
          journal.isAway = false;
        });
        return true;
      case 'journal-loses-answer':
        if (journal) journal.losesNextAnswer = true;
        return journal !== undefined;
      case 'join':
        if (this.#cluster.wanted.has(operation.worker)) return false;
        this.#cluster.start(operation.worker);
        return true;
      case 'stranger':
        return this.#cluster.stranger(operation.kind, operation.worker, operation.forMs);
      case 'slow-stop': {
        const runner = this.#cluster.workers.get(operation.worker)?.runner;
        if (!runner) return false;
        runner.slowStopMs = operation.stopMs;
        this.#later(operation.forMs, () => {
          runner.slowStopMs = 0;
        });
        return true;
      }
      case 'hang': {
        const runner = this.#cluster.workers.get(operation.worker)?.runner;
        runner?.hang(operation.executor, operation.forMs);
        return runner !== undefined;
      }
      case 'fail':
        return [...this.#cluster.workers.values()].some(({ runner }) =>
          runner.fail(operation.unit, operation.isFinal),
        );
      case 'change-offsets':
        this.#changeOffsets(operation.connector, operation.verb);
        return true;
      case 'forget-topics':
        void this.#client.api.forgetTopics(operation.connector);
        return true;
      case 'set-level':
        void this.#client.api.setLevel(operation.logger, 'DEBUG');
        return true;
      case 'announce': {
        const life = this.#cluster.workers.get(operation.worker);
        life?.changePlugins();
        return life !== undefined;
      }
      case 'request':
        this.#request(operation.body, operation.repeats);
        return true;
      default:
        return assertNever(operation);
    }
  }

  #later(ms: number, action: () => void): void {
    const wave = this.#waves;
    this.#cluster.world.time.after(ms, () => {
      if (wave === this.#waves) action();
    });
  }

  #freeze(name: string, forMs: number): boolean {
    const process = this.#cluster.processOf(name);
    if (!process || process.isFrozen) return false;
    process.freeze();
    this.#later(forMs, () => {
      process.thaw();
    });
    return true;
  }

  #cut({ process, link, direction, keeps, forMs }: CutOperation): boolean {
    const links = this.#cluster.linksOf(process, link);
    for (const each of links) {
      each.cut({ requests: direction !== 'replies', replies: direction !== 'requests', keeps });
    }
    this.#later(forMs, () => {
      for (const each of links) each.heal();
    });
    return links.length > 0 && (link === 'both' || isWorker(process));
  }

  /** Counts once the script was caught, if it ever is. */
  #hold({ process, script, direction, forMs }: HoldOperation): boolean {
    for (const link of this.#cluster.linksOf(process, 'both')) {
      link.holdAt(script, () => {
        const requests = direction === 'requests';
        link.cut({ requests, replies: !requests, keeps: requests });
        this.#cluster.world.coverage.add(`held: ${script}`);
        this.#later(forMs, () => link.heal());
      });
    }
    return this.#cluster.processOf(process) !== undefined;
  }

  #lose(script: string, withinMs: number): void {
    // A moment more: what happened at that very time is lost, too.
    const backMs = withinMs + 0.01;
    this.#later(withinMs, () => {
      if (!this.#cluster.loseLast(backMs)) return;
      this.#cluster.world.coverage.add(`lost: ${script}`);
      this.#cluster.world.trace.note('fault', `the last ${script} is lost`);
    });
  }

  #redisDown(forMs: number, losesMs: number): boolean {
    const { server } = this.#cluster;
    if (!server.isUp) return false;
    server.goDown();
    if (losesMs > 0) this.#cluster.loseLast(losesMs);
    this.#later(forMs, () => server.comeUp());
    return true;
  }

  #changeOffsets(connector: string, verb: 'alter' | 'reset'): void {
    const { coverage, trace } = this.#cluster.world;
    void this.#client.api.changeOffsets(connector, verb).then((outcome) => {
      coverage.add(`seen: offsets ${outcome}`);
      trace.note('user', `${verb} offsets of ${connector} → ${outcome}`);
    });
  }

  #request(body: RequestBody, repeats: boolean): void {
    const { coverage } = this.#cluster.world;
    void this.#client
      .submit(body, repeats)
      .then((outcome) => coverage.add(`seen: request ${outcome}`));
  }
}
