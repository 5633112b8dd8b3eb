/** Answers of the REST API, as far as the dashboard reads them. */

/** `GET /sluice/session` */
export interface SessionAnswer {
  /** null: nobody has to say who they are. */
  readonly user: string | null;
  readonly role: 'viewer' | 'operator' | 'admin' | null;
  readonly authentication: 'none' | 'required';
}

/** `GET /connectors/{name}` */
export interface ConnectorInfo {
  readonly name: string;
  readonly config: Readonly<Record<string, string>>;
  readonly type: string;
}

/** One of `GET /sluice/tasks` */
export interface UnitInfo {
  readonly id: string;
  readonly state: string;
  readonly ownership: string | null;
  readonly worker: string | null;
  readonly reason: string | null;
  readonly trace: string | null;
}

/** `GET /connectors/{name}/offsets` */
export interface Offsets {
  readonly offsets: readonly ConnectorOffset[];
}

export interface ConnectorOffset {
  readonly partition: Readonly<Record<string, unknown>>;
  readonly offset: Readonly<Record<string, unknown>> | null;
}

/** One of `GET /connector-plugins` */
export interface PluginInfo {
  readonly class: string;
  readonly type: string;
  readonly version: string;
}

export interface ConfigDefinition {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly default_value: string | null;
  readonly importance: 'HIGH' | 'MEDIUM' | 'LOW';
  readonly documentation: string;
  readonly group: string | null;
  readonly order_in_group: number;
  readonly width: string;
  readonly display_name: string;
}

/** One of `configs` of `PUT /connector-plugins/{plugin}/config/validate` */
export interface ConfigInfo {
  readonly definition: ConfigDefinition;
  readonly value: {
    readonly name: string;
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

export interface ShownState {
  readonly topic: string;
  readonly key: string;
  readonly value: string;
  readonly headers: string;
}

/** One of `records` of `POST /sluice/preview` */
export interface PreviewedRecord {
  readonly task: number;
  readonly before: ShownState;
  readonly offset?: string;
  readonly steps: readonly {
    readonly name: string;
    readonly kind: 'transform' | 'converter';
    readonly result: 'unchanged' | 'changed' | 'filtered' | 'failed';
    readonly after?: ShownState;
    readonly bytes?: {
      readonly length: number;
      readonly text?: string;
      readonly hex?: string;
    } | null;
    readonly error?: string;
  }[];
}
