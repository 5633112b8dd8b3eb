/** Records as Redis holds them, hashes of texts ('' = absent), and as the model has them. */
import { createHash } from 'node:crypto';
import {
  type ConnectorRecord,
  type MemberRecord,
  type PluginInfo,
  parseUnit,
  type StatusReport,
  type UnitId,
  type UnitRecord,
} from '@sluice/coordination';
import { SluiceError } from '@sluice/kernel';

/** What is read of a unit; the first is there if the unit is. */
export const unitFields = [
  'uid',
  'epoch',
  'ordinal',
  'retired',
  'state',
  'worker',
  'incarnation',
  'heldEpoch',
  'fence',
  'restarts',
  'lastWorker',
  'statusState',
  'statusSinceMs',
  'statusDetail',
] as const;

type Hash = Readonly<Record<string, string>>;

export function decodeConnector(name: string, hash: Hash): ConnectorRecord {
  const read = new Fields(`c:${name}`, hash);
  return {
    name,
    uid: read.text('uid'),
    version: read.integer('version'),
    config: read.json('config') as ConnectorRecord['config'],
    type: read.text('type') as ConnectorRecord['type'],
    targetState: read.text('targetState') as ConnectorRecord['targetState'],
    lifecycle: read.text('lifecycle') as ConnectorRecord['lifecycle'],
    taskEpoch: read.integer('taskEpoch'),
    taskCount: read.integer('taskCount'),
    taskVersion: read.integer('taskVersion'),
    ...(hash.journaledEpoch ? { journaledEpoch: read.integer('journaledEpoch') } : {}),
    createdAtMs: read.integer('createdAtMs'),
  };
}

export function decodeMember(worker: string, hash: Hash): MemberRecord {
  const read = new Fields(`m:${worker}`, hash);
  return {
    worker,
    incarnation: read.text('incarnation'),
    state: read.text('state') as MemberRecord['state'],
    slot: read.integer('slot'),
    pid: read.integer('pid'),
    host: read.text('host'),
    address: read.text('address'),
    protocol: {
      min: read.integer(hash.protocolMin === undefined ? 'protocol' : 'protocolMin'),
      max: read.integer('protocol'),
    },
    log: hash.log ?? '',
    leaseMs: read.integer('leaseMs'),
    plugins: read.json('plugins') as readonly PluginInfo[],
    joinedAtMs: read.integer('joinedAtMs'),
    ...(hash.returns === '1' ? { returns: true } : {}),
    ...(hash.cordoned === '1' ? { cordoned: true } : {}),
  };
}

export function decodeUnit(unit: UnitId, hash: Hash): UnitRecord {
  const read = new Fields(`u:${unit}`, hash);
  const { kind, connector, task } = parseUnit(unit);
  const state = read.text('state') as UnitRecord['state'];
  const status = decodeStatus(read, hash);
  return {
    unit,
    kind,
    connector,
    ...(task === undefined ? {} : { task }),
    uid: read.text('uid'),
    epoch: read.integer('epoch'),
    ordinal: read.integer('ordinal'),
    retired: hash.retired === '1',
    state,
    ...(state === 'free'
      ? {}
      : {
          worker: read.text('worker'),
          incarnation: read.text('incarnation'),
          heldEpoch: read.integer('heldEpoch'),
        }),
    fence: read.integer('fence'),
    restarts: read.integer('restarts'),
    ...(hash.lastWorker ? { lastWorker: hash.lastWorker } : {}),
    ...(status ? { status } : {}),
  };
}

function decodeStatus(read: Fields, hash: Hash): StatusReport | undefined {
  if (!hash.statusState) return undefined;
  return {
    ...(read.json('statusDetail') as Omit<StatusReport, 'state' | 'sinceMs'>),
    state: hash.statusState as StatusReport['state'],
    sinceMs: read.integer('statusSinceMs'),
  };
}

/** A JSON text that is the same for equal statuses, so that saying one again is no change. */
export function encodeStatusDetail(status: Omit<StatusReport, 'sinceMs'>): string {
  const { attempts, nextRetryAtMs, trace, executor, stalled, version } = status;
  return JSON.stringify({ attempts, nextRetryAtMs, trace, executor, stalled, version });
}

/** The same text for equal configurations, whatever the order of their keys. */
export function encodeTaskConfig(config: Readonly<Record<string, string>>): string {
  const keys = Object.keys(config).toSorted();
  return JSON.stringify(Object.fromEntries(keys.map((key) => [key, config[key]])));
}

/** The same for equal sets of encoded configurations, so that publishing one again is no change. */
export function taskSetDigest(configs: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(configs)).digest('base64');
}

class Fields {
  readonly #key: string;
  readonly #hash: Hash;

  constructor(key: string, hash: Hash) {
    this.#key = key;
    this.#hash = hash;
  }

  text(field: string): string {
    return this.#hash[field] ?? this.#malformed(field);
  }

  integer(field: string): number {
    const text = this.#hash[field];
    const value = text === undefined || text === '' ? Number.NaN : Number(text);
    return Number.isSafeInteger(value) ? value : this.#malformed(field);
  }

  json(field: string): unknown {
    try {
      return JSON.parse(this.text(field));
    } catch {
      return this.#malformed(field);
    }
  }

  #malformed(field: string): never {
    throw new SluiceError(
      'store.malformed_record',
      `record ${this.#key} in Redis has no usable "${field}": ` +
        'it was changed by hand, or by another version of Sluice',
      { details: { record: this.#key, field } },
    );
  }
}
