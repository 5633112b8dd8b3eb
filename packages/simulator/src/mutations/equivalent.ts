/**
 * Guards that nothing can notice when they are broken, each with the reason. By the guard as it stands in its file, so
 * that lines may move; one that is not there any more fails the hunt.
 */
import type { Guard, Mutation, MutationKind } from './mutation.ts';

interface Equivalent {
  readonly file: string;
  readonly guard: string;
  /** Default: all. */
  readonly kinds?: readonly MutationKind[];
  readonly because: string;
}

const equivalents: readonly Equivalent[] = [
  {
    file: 'apply-request.lua',
    guard: "oldUid == ''",
    kinds: ['true'],
    because: 'a connector that is there has no tombstone, so that there is none to take away',
  },
  {
    file: 'assignments.lua',
    guard: 'not connectors[connector]',
    kinds: ['true'],
    because: 'spares reading a connector again within one script',
  },
  {
    file: 'burial.ts',
    guard: 'silent.length > 0',
    because:
      'the first one spares asking for changes when nothing was written, the second one guards a line of the debug log',
  },
  {
    file: 'burial.ts',
    guard: 'planRevision === this.#lookedAtRevision',
    kinds: ['false'],
    because: 'spares looking through all units again when nothing has changed hands',
  },
  {
    file: 'burial.ts',
    guard: 'unit.worker === undefined',
    kinds: ['false'],
    because: 'a unit has a worker if and only if it has an incarnation',
  },
  {
    file: 'burial.ts',
    guard: 'unit.incarnation === undefined',
    kinds: ['false'],
    because: 'a unit has a worker if and only if it has an incarnation',
  },
  {
    file: 'burial.ts',
    guard: 'freed.length < batchSize',
    kinds: ['true'],
    because: 'what is left after a batch is freed in the next turn, which what was freed calls for',
  },
  {
    file: 'burial.ts',
    guard: '!waits',
    kinds: ['false'],
    because: 'then all units are looked through again with each turn, to the same end',
  },
  {
    file: 'burial.ts',
    guard: 'this.#quiet.has(incarnation)',
    kinds: ['false'],
    because:
      'who is known to be quiet is waited for again where the observation began anew: later, and as safe',
  },
  {
    file: 'change-stopped.ts',
    guard: "fenced.tasksMax || Math.min(Number(config['tasks.max'] ?? 1) || 1, unknownTasksMax)",
    kinds: ['true'],
    because: 'the number of tasks is never 0',
  },
  {
    file: 'claim.lua',
    guard: 'not connectors[name]',
    kinds: ['true'],
    because: 'spares reading a connector again within one script',
  },
  {
    file: 'cluster-view.ts',
    guard: 'unit.worker === undefined',
    kinds: ['false'],
    because: 'no member has no name: a unit without a worker has no live owner either way',
  },
  {
    file: 'cluster-view.ts',
    guard: 'siblings?.size === 0',
    kinds: ['false'],
    because: 'an empty list of units is kept for the name of a connector that is gone: memory only',
  },
  {
    file: 'decide-apply.ts',
    guard: "plugin?.type === 'source' || plugin?.type === 'sink'",
    kinds: ['true'],
    because:
      'a definition of what is no connector was refused before; it is asked for the type checker’s sake',
  },
  {
    file: 'decide-apply.ts',
    guard: 'first',
    kinds: ['true'],
    because: 'it is asked only where something is refused; it is asked for the type checker’s sake',
  },
  {
    file: 'decide-ownership.ts',
    guard: 'to === undefined',
    kinds: ['false'],
    because: 'no member has no name: who is to have nothing is found nowhere',
  },
  {
    file: 'decide-ownership.ts',
    guard: 'penalty === undefined',
    kinds: ['false'],
    because: 'a field that is undefined says the same as none',
  },
  {
    file: 'election.ts',
    guard: 'takeOver === undefined',
    kinds: ['false'],
    because: 'a field that is undefined says the same as none',
  },
  {
    file: 'election.ts',
    guard: 'abandonedLog === undefined',
    kinds: ['false'],
    because: 'a field that is undefined says the same as none',
  },
  {
    file: 'grant.lua',
    guard: 'up[incarnation] == nil',
    kinds: ['true'],
    because: 'spares reading a member again within one script, which changes none',
  },
  {
    file: 'grant.lua',
    guard: 'connectors[connector] == nil',
    kinds: ['true'],
    because: 'spares reading a connector again within one script, which changes none',
  },
  {
    file: 'grant.lua',
    guard: 'cordoned[worker] == nil',
    kinds: ['true'],
    because: 'spares reading a member again within one script, which changes none',
  },
  {
    file: 'grant.lua',
    guard: 'not oldest[connector]',
    kinds: ['true'],
    because:
      'spares looking again at what is held; what the script itself grants is held in no older epoch',
  },
  {
    file: 'held-seats.ts',
    guard: 'this.#held.size === 0',
    kinds: ['false'],
    because: 'spares gathering the slots of all members where nothing is held',
  },
  {
    file: 'include/agreement.lua',
    guard: "redis.call('GET', tag .. ':log') ~= log",
    kinds: ['true'],
    because: 'spares writing what is there already',
  },
  {
    file: 'include/changes.lua',
    guard: '#deleted == 0',
    kinds: ['false'],
    because:
      'where nothing was deleted there are no more tombstones than before, which were few enough',
  },
  {
    file: 'include/units.lua',
    guard: 'task',
    kinds: ['true'],
    because:
      'only tasks are in held:<connector>, so that for a connector’s own unit nothing is taken out',
  },
  {
    file: 'join.lua',
    guard: 'member',
    kinds: ['false'],
    because: 'a member that is there has no tombstone, so that there is none to take away',
  },
  {
    file: 'journal/definition-keeper.ts',
    guard: "kind === 'full'",
    kinds: ['true'],
    because: 'spares looking at what has not changed',
  },
  {
    file: 'journal/definition-keeper.ts',
    guard: "'request' in slot",
    kinds: ['true'],
    because: 'no request has no id; it is asked for the type checker’s sake',
  },
  {
    file: 'journal/definition-keeper.ts',
    guard: 'marks.length > 0',
    kinds: ['true'],
    because: 'says again what the store has been told',
  },
  {
    file: 'journal/definition-keeper.ts',
    guard: 'now.length === 0',
    kinds: ['false'],
    because: 'of no connector no sets are read',
  },
  {
    file: 'journal/definition-keeper.ts',
    guard: '!known',
    kinds: ['false'],
    because: 'it is only asked in step, when it is known; it is asked for the type checker’s sake',
  },
  {
    file: 'journal/definition-keeper.ts',
    guard: '!this.#known',
    kinds: ['false'],
    because:
      'in the life in which something was written it is known; it is asked for the type checker’s sake',
  },
  {
    file: 'journal/definition-keeper.ts',
    guard: 'error instanceof SluiceError',
    kinds: ['true'],
    because: 'an error with that code is one; it is asked for the type checker’s sake',
  },
  {
    file: 'journal/definition-keeper.ts',
    guard: 'term',
    kinds: ['true'],
    because:
      'in the life in which something failed there is a term; it is asked for the type checker’s sake',
  },
  {
    file: 'journal/definition-keeper.ts',
    guard: 'problem.toldMs !== undefined',
    kinds: ['true'],
    because:
      'no time has passed since it was told if it never was: the comparison is false then, too',
  },
  {
    file: 'journal/definition-keeper.ts',
    guard: '!hasFollowed(known, followed)',
    kinds: ['true'],
    because: 'all is read once more, where nothing can have been missed: it only costs time',
  },
  {
    file: 'journal/definition-keeper.ts',
    guard: 'plan.connectors.length > 0',
    kinds: ['true'],
    because: 'spares reading all again where nothing was restored',
  },
  {
    file: 'leader-loop.ts',
    guard: '(await this.#protocolRaise.raise(term, this.#view, askedMs)) !== undefined',
    kinds: ['false'],
    because:
      'the rest of the turn is done before the next one, which sees the version, and not after',
  },
  {
    file: 'lost-data.ts',
    guard: 'this.#noticedMs === undefined',
    kinds: ['false'],
    because:
      'a loss that never was is not recent either: no number compares so; it is asked for the type checker’s sake',
  },
  {
    file: 'ownership-turn.ts',
    guard: 'this.#leader.reasons.size <= this.#leader.view.units.size',
    kinds: ['false'],
    because: 'spares looking through the reasons as long as they are few',
  },
  {
    file: 'ownership-turn.ts',
    guard: 'record?.worker === undefined',
    kinds: ['false'],
    because:
      'what is revoked is in the view, with its worker; it is asked for the type checker’s sake',
  },
  {
    file: 'ownership-turn.ts',
    guard: '!first',
    kinds: ['false'],
    because: 'a group has somebody in it; it is asked for the type checker’s sake',
  },
  {
    file: 'plugin-catalog.ts',
    guard:
      'compareText(a.class, b.class) || compareVersions(a.version, b.version) || compareText(a.type, b.type)',
    kinds: ['true'],
    because: 'no two plugins of a catalog are the same in all three',
  },
  {
    file: 'plugin-placement.ts',
    guard: '!this.#needs.has(name)',
    kinds: ['true'],
    because: 'the same needs are noted again under their name',
  },
  {
    file: 'plugin-placement.ts',
    guard: 'known',
    kinds: ['false'],
    because: 'what is remembered is worked out again, to the same end',
  },
  {
    file: 'protocol-raise.ts',
    guard: 'inUse === undefined',
    kinds: ['false'],
    because: 'since somebody leads a version is in use; it is asked for the type checker’s sake',
  },
  {
    file: 'request-decision.ts',
    guard: 'errors',
    kinds: ['true'],
    because: 'a field that is undefined says the same as none',
  },
  {
    file: 'restore.lua',
    guard: "lifecycle == 'live'",
    kinds: ['true'],
    because:
      'the own unit of one that is being deleted is retired right after it: one made here is gone when the script ends',
  },
  {
    file: 'restore.lua',
    guard: 'stored',
    kinds: ['true'],
    because: 'a connector that was not there has no task set that could be ended',
  },
  {
    file: 'restore.lua',
    guard: "lifecycle == 'deleting' and redis.call('EXISTS', key) == 0",
    kinds: ['false'],
    because:
      'one that is being deleted and has no units is gone when the script ends, whatever it makes of it',
  },
  {
    file: 'restore.lua',
    guard: "firstTask == '0'",
    kinds: ['true'],
    because: 'the later calls for a connector write of it again what the first one wrote',
  },
  {
    file: 'restore.lua',
    guard: 'storedUid == uid',
    kinds: ['true'],
    because:
      'between the calls for one connector the leader, who alone writes definitions, writes no other',
  },
  {
    file: 'settling.ts',
    guard: 'score === 0',
    kinds: ['false'],
    because: 'a death that has faded is kept, and counts nothing: memory only',
  },
  {
    file: 'status.ts',
    guard: '!record',
    kinds: ['false'],
    because: 'whose name is in the view is in it; it is asked for the type checker’s sake',
  },
  {
    file: 'worker/owned-units.ts',
    guard: 'fence === undefined',
    kinds: ['false'],
    because:
      'no fence is neither equal to ours nor above it; it is asked for the type checker’s sake',
  },
  {
    file: 'worker/owned-units.ts',
    guard: 'fence === ours',
    kinds: ['true'],
    because: 'what is told under a fence that the store does not have is refused there',
  },
  {
    file: 'worker/topic-notes.ts',
    guard: 'this.#notes.size === 0',
    kinds: ['false'],
    because: 'where there is nothing to store nothing is stored either way',
  },
  {
    file: 'worker/topic-notes.ts',
    guard: 'this.#notes.size > 0',
    kinds: ['true'],
    because: 'it waits for a few milliseconds more, to find nothing',
  },
  {
    file: 'worker/unit-reporter.ts',
    guard: 'publication',
    kinds: ['true'],
    because: 'where a connector has published nothing, nothing is found to be published again',
  },
  {
    file: 'worker/unit-reporter.ts',
    guard: 'this.#statuses.size === 0',
    kinds: ['false'],
    because: 'where there is nothing to report nothing is told either way',
  },
];

export function whyEquivalent({ guard: { file, text }, kind }: Mutation): string | undefined {
  return equivalents.find(
    (each) => each.file === file && each.guard === text && (each.kinds?.includes(kind) ?? true),
  )?.because;
}

/** Those that fit none of these guards. */
export function outdated(guards: readonly Pick<Guard, 'file' | 'text'>[]): Equivalent[] {
  return equivalents.filter(
    ({ file, guard }) => !guards.some((each) => each.file === file && each.text === guard),
  );
}
