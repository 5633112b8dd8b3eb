/** The configuration keys of a plugin. To be completed: parsing, defaults, validation, builders. */
export interface ConfigKey {
  readonly name: string;
  readonly type:
    | 'BOOLEAN'
    | 'STRING'
    | 'INT'
    | 'SHORT'
    | 'LONG'
    | 'DOUBLE'
    | 'LIST'
    | 'CLASS'
    | 'PASSWORD';
  readonly required: boolean;
  readonly defaultValue: string | null;
  readonly importance: 'HIGH' | 'MEDIUM' | 'LOW';
  readonly documentation: string;
  readonly group?: string;
  readonly displayName?: string;
  readonly dependents?: readonly string[];
  readonly width?: 'NONE' | 'SHORT' | 'MEDIUM' | 'LONG';
  readonly rules?: {
    readonly min?: number;
    readonly max?: number;
    readonly oneOf?: readonly string[];
    readonly pattern?: string;
    readonly nonEmpty?: boolean;
  };
}

export interface ConfigDef {
  readonly keys: readonly ConfigKey[];
}
