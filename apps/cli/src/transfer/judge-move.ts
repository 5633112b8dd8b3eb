/** Whether a connector of Kafka Connect can run here, as it is or with keys left out, or why it cannot. Pure. */
import { hasReference } from '@sluice/connector-api';

import type { KeyErrors } from '../definitions/validate-definition.ts';

export interface Verdict {
  readonly kind: 'movable' | 'changed' | 'impossible';
  readonly config: Readonly<Record<string, string>>;
  /** Keys that are left out, and what that means. */
  readonly leftOut: readonly { readonly key: string; readonly meaning: string }[];
  /** Why it is impossible. */
  readonly reasons: readonly string[];
  /** What to look after. */
  readonly notes: readonly string[];
}

type Config = Readonly<Record<string, string>>;

const tuning =
  'it tunes a client of Java’s; Sluice’s has bounds of its own, and delivers at least as safely';

/** Keys without which a connector does the same, with what happens instead. */
const dispensable: readonly {
  readonly key: RegExp;
  readonly value?: RegExp;
  readonly meaning: string;
}[] = [
  {
    key: /^(producer|consumer|admin)\.override\.(client\.(id|dns\.lookup)|connections\.max\.idle\.ms|metadata\.max\.(age|idle)\.ms|metadata\.recovery\..*|(send|receive)\.buffer\.bytes|request\.timeout\.ms|(default\.)?api\.timeout\.ms|reconnect\.backoff\.(max\.)?ms|retry\.backoff\.(max\.)?ms|retries|socket\.connection\.setup\.timeout\.(max\.)?ms)$/,
    meaning: tuning,
  },
  {
    key: /^producer\.override\.(batch\.size|linger\.ms|max\.request\.size|max\.block\.ms|delivery\.timeout\.ms|max\.in\.flight\.requests\.per\.connection|partitioner\.adaptive\..*|partitioner\.availability\..*)$/,
    meaning: tuning,
  },
  { key: /^producer\.override\.acks$/, value: /^(all|-1)$/, meaning: 'it is so here always' },
  {
    key: /^producer\.override\.enable\.idempotence$/,
    meaning: 'brokers refuse what a former owner sends',
  },
  {
    key: /^producer\.override\.compression\..*$/,
    meaning: 'KAFKA_COMPRESSION_TYPE of the workers says how records are compressed',
  },
  {
    key: /^consumer\.override\.(fetch\.min\.bytes|fetch\.max\.wait\.ms|max\.partition\.fetch\.bytes|check\.crcs)$/,
    meaning: tuning,
  },
  {
    key: /^consumer\.override\.(max\.poll\.interval\.ms|session\.timeout\.ms|heartbeat\.interval\.ms|partition\.assignment\.strategy|group\.protocol|group\.remote\.assignor)$/,
    meaning: 'partitions are assigned to tasks, and not negotiated within the group',
  },
  {
    key: /^topic\.creation\.default\.(partitions|replication\.factor)$/,
    meaning:
      'topics that it creates from now on are made as KAFKA_DEFAULT_PARTITIONS and KAFKA_REPLICATION_FACTOR of the workers say',
  },
];

/** `problems`: what is wrong with the whole of it here. */
export function judgeMove(config: Config, problems: readonly KeyErrors[]): Verdict {
  const leftOut = problems.flatMap(({ key }) => {
    const entry = dispensable.find(
      (each) => each.key.test(key) && (each.value ?? /^/).test(config[key]?.trim() ?? ''),
    );
    return entry ? [{ key, meaning: entry.meaning }] : [];
  });
  const without = new Set(leftOut.map(({ key }) => key));
  const reasons = problems
    .filter(({ key }) => !without.has(key))
    .flatMap(({ key, messages }) =>
      messages.map((message) => (message.includes(key) ? message : `${key}: ${message}`)),
    );
  return {
    kind: reasons.length > 0 ? 'impossible' : leftOut.length > 0 ? 'changed' : 'movable',
    config: Object.fromEntries(Object.entries(config).filter(([key]) => !without.has(key))),
    leftOut,
    reasons,
    notes: [...inherited(config), ...references(config)],
  };
}

/** What they stand for is known to the workers alone. */
function references(config: Config): string[] {
  const keys = Object.keys(config).filter((key) => hasReference(config[key] ?? ''));
  if (keys.length === 0) return [];
  return [
    `${keys.join(', ')}: refer to config providers, which Sluice’s workers need, too (SLUICE_CONFIG_PROVIDERS)`,
  ];
}

/** The REST API of Kafka Connect does not tell the configuration of its workers. */
function inherited(config: Config): string[] {
  const missing = ['key.converter', 'value.converter'].filter((key) => config[key] === undefined);
  if (missing.length === 0) return [];
  const names = missing.map((key) => `SLUICE_${key.toUpperCase().replace('.', '_')}`);
  return [
    `it has the ${missing.join(' and ')} of the worker: set ${names.join(' and ')} of Sluice’s workers to the same`,
  ];
}
