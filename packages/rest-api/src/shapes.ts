/**
 * Answers of the API as JSON, for who reads them in TypeScript: the dashboard does. What makes them is typed by these, so
 * that neither can change alone. Plain types, for browsers. The live view has its own: live/live-view.ts.
 */

/** `GET /sluice/session` */
export interface SessionAnswer {
  /** null: nobody has to say who they are, or nobody has. */
  readonly user: string | null;
  readonly role: 'viewer' | 'operator' | 'admin' | null;
  readonly by: string | null;
  readonly authentication: 'none' | 'required';
  readonly cluster: string;
  readonly version: string;
  /** When the browser has to sign in again; null: it did not, or need not. */
  readonly until_ms: number | null;
}

/** `GET /connectors/{name}` */
export interface ConnectorInfo {
  readonly name: string;
  readonly config: Readonly<Record<string, string>>;
  readonly tasks: readonly { readonly connector: string; readonly task: number }[];
  readonly type: string;
}

/** `GET /connectors/{name}/topics` */
export type TopicsAnswer = Readonly<Record<string, { readonly topics: readonly string[] }>>;

/** `GET /connectors/{name}/offsets` */
export interface OffsetsAnswer {
  readonly offsets: readonly ConnectorOffset[];
}

export interface ConnectorOffset {
  readonly partition: Readonly<Record<string, unknown>>;
  /** null: none. */
  readonly offset: Readonly<Record<string, unknown>> | null;
}

/** `GET /sluice/lag` */
export interface LagAnswer {
  readonly connector: string;
  /** Consumer group. */
  readonly group: string;
  /** Of all partitions that have one; null: none has. */
  readonly lag: number | null;
  /** What is furthest behind first. */
  readonly partitions: readonly PartitionLag[];
}

export interface PartitionLag {
  readonly topic: string;
  readonly partition: number;
  /** The next record to be read; null: nothing was committed yet. */
  readonly committed: number | null;
  /** First offset that does not exist yet; null: neither does the partition. */
  readonly end: number | null;
  /** Records from there to the end; null where it is not known. */
  readonly lag: number | null;
}

/** `GET /sluice/records` */
export interface RecordsAnswer {
  readonly topic: string;
  /** All of the topic, also where only one is looked at; none: there is no such topic yet. */
  readonly partitions: readonly {
    readonly partition: number;
    readonly low: number;
    readonly high: number;
  }[];
  /** The newest first; with `from` and `since` the oldest. */
  readonly records: readonly TopicRecord[];
  /** `before`, or with `from` and `since` `from`, of the next page; null: that was all. */
  readonly next: string | null;
  /** By part, where no converter is to read it with: why. */
  readonly problems: Readonly<Partial<Record<'key' | 'value' | 'header', string>>>;
}

export interface TopicRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp_ms: number;
  readonly key: RecordPart;
  readonly value: RecordPart;
  readonly headers: readonly { readonly name: string; readonly value: RecordPart }[];
}

/** null as in the log: a tombstone, or no key. */
export type RecordPart = {
  /** In the log. */
  readonly length: number;
  /** As the connector's converter reads it; JSON, cut off where it is long. */
  readonly json?: string;
  /** As it is stored, where that failed: text, or else hexadecimal digits. */
  readonly text?: string;
  readonly hex?: string;
  /** Why it failed. */
  readonly error?: string;
} | null;

/** One of `GET /sluice/tasks` */
export interface UnitInfo {
  /** `connector/orders` or `task/orders/3` */
  readonly id: string;
  readonly kind: 'connector' | 'task';
  readonly connector: string;
  readonly task: number | null;
  readonly state: string;
  readonly ownership: string | null;
  readonly worker: string | null;
  readonly worker_id: string;
  readonly fence: number;
  readonly since_ms: number | null;
  readonly attempts: number;
  readonly attempts_max: number | null;
  readonly next_retry_at_ms: number | null;
  readonly executor: string | null;
  readonly stalled: boolean;
  readonly reason: string | null;
  readonly trace: string | null;
}

/** One of `GET /sluice/errors` */
export interface ErrorGroup {
  /** The same for failures that differ in names and numbers only. */
  readonly fingerprint: string;
  readonly message: string;
  /** The newest. */
  readonly trace: string;
  /** Of units. */
  readonly count: number;
  /** Some of them, when there are many. */
  readonly units: readonly string[];
  readonly connectors: readonly string[];
  readonly first_ms: number | null;
  readonly last_ms: number | null;
}

/** `GET /sluice/logs` */
export interface LogPage {
  /** Newest first. */
  readonly lines: readonly {
    readonly id: string;
    readonly at_ms: number;
    readonly level: string;
    readonly worker: string;
    readonly connector: string | null;
    readonly task: number | null;
    readonly message: string;
  }[];
  /** `before` of the next page, if there may be one. */
  readonly next: string | null;
}

/** `POST /sluice/plan` */
export interface PlanAnswer {
  readonly moves: readonly {
    readonly unit: string;
    readonly from: string | null;
    readonly to: string | null;
    readonly why: string;
  }[];
  /** Of what no worker could run. */
  readonly problems: readonly string[];
  /** Names of workers that there would be. */
  readonly added: readonly string[];
}

/** One of `letters` of `GET /sluice/dead-letters?topic=` */
export interface Letter {
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  /** It was written back already. */
  readonly replayed: boolean;
  /** Kafka Connect's context headers, without their prefix; empty where those are off. */
  readonly errors: Readonly<Record<string, string>>;
  readonly key: LetterBytes;
  readonly value: LetterBytes;
}

/** Text where it is text. */
export type LetterBytes = string | { readonly base64: string } | null;

export interface LettersAnswer {
  readonly topic: string;
  readonly letters: readonly Letter[];
  /** For `before`, to have those that are older; null: there are none. */
  readonly next: string | null;
}

/** `POST /sluice/dead-letters/replay` */
export interface ReplayAnswer {
  readonly topic: string;
  /** Records written, by topic. */
  readonly topics: Readonly<Record<string, number>>;
  readonly passed_over: readonly { readonly letter: string; readonly reason: string }[];
  readonly is_done: boolean;
  /** False: time was up; the rest is for another call. */
  readonly is_whole: boolean;
}

/** One of `GET /connector-plugins` */
export interface PluginBody {
  readonly class: string;
  readonly type: string;
  readonly version: string;
}

/** One of `GET /connector-plugins/{plugin}/config` */
export interface ConfigKeyBody {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly default_value: string | null;
  readonly importance: 'HIGH' | 'MEDIUM' | 'LOW';
  readonly documentation: string;
  readonly group: string | null;
  readonly order: number;
  /** What Kafka Connect 4.3 calls `order`; clients of others read that. */
  readonly order_in_group: number;
  readonly width: string;
  readonly display_name: string;
  readonly dependents: readonly string[];
}

/** One of `configs` of `PUT /connector-plugins/{plugin}/config/validate` */
export interface ConfigInfo {
  readonly definition: ConfigKeyBody;
  readonly value: {
    readonly name: string;
    /** null: there is none, or it cannot be read. */
    readonly value: string | null;
    readonly recommended_values: readonly string[];
    readonly errors: readonly string[];
    readonly visible: boolean;
  };
}

export interface ConfigInfos {
  readonly name: string;
  readonly error_count: number;
  readonly groups: readonly string[];
  readonly configs: readonly ConfigInfo[];
}

/** `POST /sluice/preview` */
export interface PreviewAnswer {
  readonly records: readonly PreviewedRecord[];
  /** Why no more came; a start or a poll that failed is told here, behind what came before. */
  readonly end:
    | { readonly kind: 'ended'; readonly by: 'records' | 'timeout' | 'bytes' }
    | { readonly kind: 'failed'; readonly stage: string; readonly message: string };
}

/** A record at one point of its way. Everything is text: JSON, cut off where it is long. */
export interface PreviewedState {
  readonly topic: string;
  readonly key: string;
  readonly value: string;
  readonly headers: string;
}

export interface PreviewedRecord {
  readonly task: number;
  /** As polled. */
  readonly before: PreviewedState;
  /** JSON; absent if it has none. */
  readonly offset?: string | undefined;
  /** In their order, up to the one that dropped it or failed. */
  readonly steps: readonly {
    readonly name: string;
    readonly kind: 'transform' | 'converter';
    readonly result: 'unchanged' | 'changed' | 'filtered' | 'failed';
    readonly after?: PreviewedState;
    /** What a converter made. */
    readonly bytes?: {
      readonly length: number;
      readonly text?: string;
      readonly hex?: string;
    } | null;
    readonly error?: string;
  }[];
}
