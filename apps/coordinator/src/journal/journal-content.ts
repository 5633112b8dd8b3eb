/**
 * What the records read so far, and those written since, amount to. Remembers what a writer needs that the
 * leader does not: which parts of task sets there are, and what a newer version wrote besides.
 */
import type {
  Journaled,
  JournaledConnector,
  JournaledRequest,
  JournaledTask,
  JournalHigh,
  JournalState,
} from '@sluice/coordination';

import {
  type ConnectorValue,
  connectorPrefix,
  type JournalRecord,
  partKeys,
  tasksPrefix,
  unknownFields,
} from './journal-records.ts';

export class JournalContent {
  id: string | undefined;
  /** Whose journal it is. */
  cluster: string | undefined;
  /** There are records of something else. */
  hasOthers = false;
  /** Of the newest leader that wrote. */
  epoch = 0;
  /** Of the last record. */
  offset = -1;
  #high: JournalHigh = { ordinal: 0, fence: 0 };
  #request: Journaled<JournaledRequest> | undefined;
  readonly #connectors = new Map<string, Journaled<ConnectorValue>>();
  readonly #deleted = new Map<string, number>();
  readonly #parts = new Map<string, readonly JournaledTask[]>();

  add({ key, value }: JournalRecord, offset: number): void {
    this.offset = offset;
    if (key.startsWith(connectorPrefix)) this.#addConnector(key, value, offset);
    else if (key.startsWith(tasksPrefix)) this.#addPart(key, value);
    else if (value === null) return;
    else if (key === 'journal') this.#name(value);
    else if (key === 'leader') this.epoch = Math.max(this.epoch, Number(value['epoch']));
    else if (key === 'high') this.#high = value as unknown as JournalHigh;
    else if (key === 'request') {
      this.#request = { value: value as unknown as JournaledRequest, position: offset };
    }
  }

  unknownOf(name: string): Readonly<Record<string, unknown>> {
    const value = this.#connectors.get(name)?.value;
    return value ? unknownFields(value) : {};
  }

  /** Parts of task sets that no connector refers to (any more). */
  spareParts(): string[] {
    const needed = new Set([...this.#connectors.values()].flatMap(({ value }) => partKeys(value)));
    return [...this.#parts.keys()].filter((key) => !needed.has(key));
  }

  /** @param id of the journal. */
  state(id: string): JournalState {
    const connectors = new Map<string, Journaled<JournaledConnector>>();
    for (const [name, { value, position }] of this.#connectors) {
      connectors.set(name, { value: this.#assemble(value), position });
    }
    const { ordinal, fence } = this.#high;
    const request = this.#request;
    return {
      id,
      position: this.offset,
      connectors,
      deleted: new Map(this.#deleted),
      request: request && { value: requestOf(request.value), position: request.position },
      high: { ordinal, fence },
    };
  }

  #name({ id, cluster }: Readonly<Record<string, unknown>>): void {
    this.id = String(id);
    this.cluster = String(cluster);
  }

  #addConnector(key: string, value: JournalRecord['value'], offset: number): void {
    const name = key.slice(connectorPrefix.length);
    if (value === null) {
      this.#connectors.delete(name);
      this.#deleted.set(name, offset);
    } else {
      this.#connectors.set(name, { value: value as unknown as ConnectorValue, position: offset });
      this.#deleted.delete(name);
    }
  }

  #addPart(key: string, value: JournalRecord['value']): void {
    if (value === null) this.#parts.delete(key);
    else this.#parts.set(key, value['tasks'] as readonly JournaledTask[]);
  }

  #assemble(connector: ConnectorValue): JournaledConnector {
    const { name, uid, version, config, type, targetState, lifecycle, createdAtMs } = connector;
    const { unit, taskEpoch, taskVersion, taskCount } = connector;
    const definition = { name, uid, version, config, type, targetState, lifecycle, createdAtMs };
    const tasks =
      connector.tasks ?? partKeys(connector).flatMap((key) => this.#parts.get(key) ?? []);
    // A part that is missing was removed by hand: the connector publishes its set again.
    const isWhole = taskCount === undefined || tasks.length === taskCount;
    return {
      ...definition,
      ...(unit ? { unit } : {}),
      taskEpoch,
      taskVersion: isWhole ? taskVersion : 0,
      tasks: isWhole ? tasks : [],
    };
  }
}

function requestOf({ id, position, result, restart, events }: JournaledRequest): JournaledRequest {
  return { id, position, result, restart, events };
}
