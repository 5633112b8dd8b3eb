/** Offsets as text that people read and change. Whole numbers of 64 bits stay exact: JavaScript's own JSON rounds them. Pure. */
import { parseExactJson, stringifyExactJson } from '@sluice/kernel/exact-json';
import type { ConnectorOffset, PartitionLag } from '@sluice/rest-api/shapes';
import { grouped } from '../format/numbers.ts';

export function offsetText(
  value: ConnectorOffset['partition'] | ConnectorOffset['offset'],
): string {
  return stringifyExactJson(value);
}

/** @throws SyntaxError */
export function parseOffset(text: string): ConnectorOffset['offset'] {
  return parseExactJson(text) as ConnectorOffset['offset'];
}

/** What is wrong with what was typed; undefined: nothing. */
export function offsetProblem(text: string): string | undefined {
  try {
    const value: unknown = parseExactJson(text);
    const isObject = typeof value === 'object' && !Array.isArray(value);
    return isObject ? undefined : 'must be an object, or null to reset it';
  } catch {
    return 'this is no JSON';
  }
}

/** An offset as it is typed, by kind of connector. */
export interface OffsetForm {
  readonly label: string;
  readonly text: (offset: ConnectorOffset['offset']) => string;
  /** Not to be typed; default: as it is typed. */
  readonly shown?: (offset: ConnectorOffset['offset']) => string;
  readonly problem: (text: string) => string | undefined;
  /** Of text without a problem. */
  readonly parse: (text: string) => ConnectorOffset['offset'];
}

export const sourceForm: OffsetForm = {
  label: 'Offset as JSON; null resets it',
  text: offsetText,
  problem: offsetProblem,
  parse: parseOffset,
};

/** A number; nothing resets it. */
export const sinkForm: OffsetForm = {
  label: 'Offset of the next record; empty resets it',
  text: (offset) => (offset === null ? '' : stringifyExactJson(offset['kafka_offset'])),
  shown: (offset) => (offset === null ? '' : grouped(Number(offset['kafka_offset']))),
  problem: (text) =>
    /^\d{0,15}$/.test(text.trim()) ? undefined : 'must be a whole number, or empty to reset it',
  parse: (text) => (text.trim() === '' ? null : { kafka_offset: Number(text) }),
};

/** As Kafka Connect has it. */
export function sinkOffset({ topic, partition, committed }: PartitionLag): ConnectorOffset {
  return {
    partition: { kafka_topic: topic, kafka_partition: partition },
    offset: committed === null ? null : { kafka_offset: committed },
  };
}
