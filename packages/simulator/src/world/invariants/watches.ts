/** All that is checked while it happens: each watch sees the scripts that were carried out, and the ends of lives. */
import type { MemoryJournalStore } from '@sluice/coordination/testing';

import type { PlayedProcess } from '../played-process.ts';
import type { ScriptCall } from '../redis-link.ts';
import type { World } from '../world.ts';
import { ChangedOffsets } from './changed-offsets.ts';
import { CordonWatch } from './cordons.ts';
import { DefinitionsModel } from './definitions.ts';
import { GrantsAfterLoss } from './grants-after-loss.ts';
import { JournalWatch } from './journal.ts';
import { LeadershipWatch } from './leadership.ts';
import { NeedlessStops } from './needless-stops.ts';
import { StatusWatch } from './status.ts';

/** They come with every beat and turn, and would hide the rest of a trace. */
const usual = new Set(['beat', 'changes', 'records', 'lead']);
const remarkable = /fenced|rejoin|refused|leading.*1/;

export class Watches {
  readonly stops: NeedlessStops;
  readonly status: StatusWatch;
  readonly changedOffsets: ChangedOffsets;
  readonly definitions = new DefinitionsModel();
  readonly grantsAfterLoss = new GrantsAfterLoss();
  /** Undefined in a cluster without a journal. */
  readonly journal: JournalWatch | undefined;
  /** How often each script was carried out. */
  readonly scripts = new Map<string, number>();
  readonly #cordons: CordonWatch;
  readonly #leadership: LeadershipWatch;
  readonly #world: World;

  constructor(world: World, journal: MemoryJournalStore | undefined) {
    this.#world = world;
    this.journal = journal && new JournalWatch(world, journal);
    this.stops = new NeedlessStops(world);
    this.status = new StatusWatch(world);
    this.changedOffsets = new ChangedOffsets(world);
    this.#cordons = new CordonWatch(world);
    this.#leadership = new LeadershipWatch(world);
  }

  scriptRan(process: PlayedProcess, call: ScriptCall, reply: unknown): void {
    const { name } = process;
    this.scripts.set(call.script, (this.scripts.get(call.script) ?? 0) + 1);
    this.#leadership.scriptRan(name, call, reply);
    this.stops.scriptRan(call, reply);
    this.definitions.scriptRan(call, reply);
    this.#cordons.scriptRan(call, reply);
    this.grantsAfterLoss.scriptRan(process, call, reply);
    this.changedOffsets.scriptRan(call, reply);
    this.journal?.scriptRan(call, reply);
    if (call.script === 'beat') this.status.beatRan(String(call.args[1]));
    this.#trace(name, call, reply);
  }

  /** What Redis knew is gone, or some of it. */
  dataLost(): void {
    this.#leadership.dataLost();
    this.definitions.dataLost();
    this.#cordons.dataLost();
    this.grantsAfterLoss.dataLost();
    this.changedOffsets.dataLost();
  }

  /** A process ended in order: it leaves nothing behind (I11). */
  stopped({ name, timers }: PlayedProcess): void {
    if (timers > 0) this.#world.violated('I11', `${name} has stopped, and left ${timers} timers`);
  }

  #trace(name: string, { script, args }: ScriptCall, reply: unknown): void {
    const { trace } = this.#world;
    const answer = shortened(reply);
    if (usual.has(script) && !remarkable.test(answer)) {
      trace.noteQuietly(name, `${script} → ${answer}`);
      return;
    }
    const shown = args.slice(script === 'join' ? 0 : 1, 9).join(' ');
    trace.note(name, `${script} ${shown.slice(0, 120)} → ${answer}`);
  }
}

function shortened(reply: unknown): string {
  const text = Array.isArray(reply)
    ? reply.slice(0, 4).flat().slice(0, 4).join(' ')
    : String(reply);
  return text.slice(0, 60);
}
