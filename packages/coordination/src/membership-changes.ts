/** Gathers why the next rerun happens, in words for its event. */
import type { ConnectorRecord, MemberRecord } from './model.ts';

/** More than this is summed up. */
const causesMax = 3;

export class MembershipChanges {
  #causes = new Set<string>();
  readonly #epochs = new Map<string, number>();

  note(cause: string): void {
    this.#causes.add(cause);
  }

  noteMembers(
    before: ReadonlyMap<string, MemberRecord>,
    after: ReadonlyMap<string, MemberRecord>,
  ): { joined: string[]; gone: string[]; uncordoned: string[] } {
    const joined: string[] = [];
    const gone: string[] = [];
    const uncordoned: string[] = [];
    for (const [worker, member] of after) {
      const previous = before.get(worker);
      if (member.state === 'up' && previous?.incarnation !== member.incarnation) {
        joined.push(worker);
        this.note(member.cordoned ? `${worker} joined, cordoned` : `${worker} joined`);
      } else if (previous && !previous.cordoned && member.cordoned) {
        this.note(`${worker} was cordoned`);
      } else if (previous?.cordoned && !member.cordoned) {
        uncordoned.push(worker);
        this.note(`${worker} was uncordoned`);
      }
      if (member.state === 'draining' && previous?.state === 'up') this.note(`${worker} drains`);
    }
    for (const [worker, member] of before) {
      if (after.has(worker)) continue;
      gone.push(worker);
      // A death has been noted by the one who declared it, with its reason.
      if (member.state === 'up') this.note(`${worker} left`);
    }
    return { joined, gone, uncordoned };
  }

  noteConnectors(changed: ReadonlyMap<string, ConnectorRecord | undefined>): void {
    for (const [name, record] of changed) {
      if (!record) {
        if (this.#epochs.delete(name)) this.note(`${name} deleted`);
        continue;
      }
      const known = this.#epochs.get(name);
      this.#epochs.set(name, record.taskEpoch);
      if (known === undefined || known < record.taskEpoch) {
        this.note(
          record.taskEpoch === 0 ? `${name} created` : `${name} has ${tasks(record.taskCount)}`,
        );
      }
    }
  }

  /** What was noted since the last call, as one line. */
  take(): string | undefined {
    const causes = [...this.#causes];
    this.#causes = new Set();
    if (causes.length === 0) return undefined;
    return causes.length <= causesMax
      ? causes.join(', ')
      : `${causes.slice(0, causesMax).join(', ')} and ${causes.length - causesMax} more`;
  }
}

function tasks(count: number): string {
  return count === 1 ? '1 task' : `${count} tasks`;
}
