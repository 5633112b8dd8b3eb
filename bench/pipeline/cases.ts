/** What is measured: the cases, what one process is told to do, and what it answers. */
import type { ConnectorConfig } from '@sluice/connector-api';

import type { Limits, Sample } from '../window.ts';

export type Direction = 'source' | 'sink';

export type PipelineName = 'string' | 'json' | 'json+schema' | 'json+smt' | 'json+schema+smt';

export interface Pipeline {
  readonly isText: boolean;
  readonly hasSchema: boolean;
  readonly hasTransforms: boolean;
}

export const pipelines: Readonly<Record<PipelineName, Pipeline>> = {
  string: { isText: true, hasSchema: false, hasTransforms: false },
  json: { isText: false, hasSchema: false, hasTransforms: false },
  'json+schema': { isText: false, hasSchema: true, hasTransforms: false },
  'json+smt': { isText: false, hasSchema: false, hasTransforms: true },
  'json+schema+smt': { isText: false, hasSchema: true, hasTransforms: true },
};

export interface Case {
  readonly direction: Direction;
  readonly pipeline: PipelineName;
  /** Of a value as JSON without its schema, about. */
  readonly valueBytes: number;
}

export const contenders = ['sluice', 'plain', 'before', 'connect'] as const;

/** `before`: the same code of Sluice, as it is in another folder. `connect`: the real Kafka Connect. */
export type Contender = (typeof contenders)[number];

/** What one process is told. */
export interface Job extends Case, Limits {
  readonly contender: Contender;
  /** The folder with the packages that are measured. */
  readonly root: string;
  readonly batch: number;
  /** Where the functions of each moment are counted while it is measured. */
  readonly isProfiled: boolean;
}

export interface Answer {
  readonly sample: Sample;
  /** What the first records became, base64: the bytes of a source; of a sink its records, converted back. */
  readonly results: readonly string[];
  readonly profile?: readonly HotFunction[];
}

export interface HotFunction {
  readonly name: string;
  /** From the root, and the line. */
  readonly place: string;
  /** Of the time, while it itself ran. */
  readonly share: number;
}

/** Records whose results are compared. */
export const comparedRecords = 100;

/** Different ones, over and over again. */
export const distinctRecords = 5_000;

export const topic = 'orders';

/** Of all records. */
export const timestampMs = 1_767_225_600_000;

export function allCases(): Case[] {
  const directions: readonly Direction[] = ['source', 'sink'];
  return directions.flatMap((direction) =>
    [100, 1_000].flatMap((valueBytes) =>
      (Object.keys(pipelines) as PipelineName[]).map((pipeline) => ({
        direction,
        pipeline,
        valueBytes,
      })),
    ),
  );
}

/** `source json+schema 100B`, for the filter and the report. */
export function nameOf({ direction, pipeline, valueBytes }: Case): string {
  return `${direction} ${pipeline} ${valueBytes}B`;
}

/** As a definition has it. */
export function configOf({ pipeline }: Pick<Case, 'pipeline'>): ConnectorConfig {
  const { hasSchema, hasTransforms, isText } = pipelines[pipeline];
  const stringConverter = 'org.apache.kafka.connect.storage.StringConverter';
  return {
    'key.converter': stringConverter,
    'header.converter': 'org.apache.kafka.connect.storage.SimpleHeaderConverter',
    'value.converter': isText ? stringConverter : 'org.apache.kafka.connect.json.JsonConverter',
    ...(isText ? {} : { 'value.converter.schemas.enable': String(hasSchema) }),
    ...(hasTransforms ? transforms : {}),
  };
}

const transforms: ConnectorConfig = {
  transforms: 'insert,replace,cast',
  'transforms.insert.type': 'org.apache.kafka.connect.transforms.InsertField$Value',
  'transforms.insert.timestamp.field': 'written',
  'transforms.insert.static.field': 'site',
  'transforms.insert.static.value': 'berlin',
  'transforms.replace.type': 'org.apache.kafka.connect.transforms.ReplaceField$Value',
  'transforms.replace.exclude': 'note',
  'transforms.replace.renames': 'id:order_id',
  'transforms.cast.type': 'org.apache.kafka.connect.transforms.Cast$Value',
  'transforms.cast.spec': 'quantity:string',
};
