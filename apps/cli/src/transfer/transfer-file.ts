/**
 * What `sluice export` writes and `sluice import` reads: definitions with their secrets, target states, offsets. Read
 * with every whole number exact; all that is wrong with a file is told at once.
 */
import type { TargetState } from '@sluice/coordination';
import { parseExactJson, stringifyExactJson, toError } from '@sluice/kernel';

import { CliError, exitCodes } from '../exit-codes.ts';

export type Fields = Readonly<Record<string, unknown>>;

export interface Offset {
  readonly partition: Fields;
  readonly offset: Fields | null;
}

/** One connector on its way from one cluster to another. */
export interface Transfer {
  readonly name: string;
  readonly config: Readonly<Record<string, string>>;
  readonly targetState: TargetState;
  /** Undefined: they are not part of it. */
  readonly offsets: readonly Offset[] | undefined;
}

const version = 1;
const targetStates: readonly TargetState[] = ['STARTED', 'PAUSED', 'STOPPED'];

export function transferText(cluster: string, transfers: readonly Transfer[]): string {
  const connectors = transfers.map(({ name, config, targetState, offsets }) => ({
    name,
    target_state: targetState,
    config,
    ...(offsets && { offsets }),
  }));
  // One connector a line: files are compared.
  const lines = connectors.map((each) => `    ${stringifyExactJson(each)}`).join(',\n');
  return `{\n  "sluice_export": ${version},\n  "cluster": ${JSON.stringify(cluster)},\n  "connectors": [\n${lines}\n  ]\n}`;
}

/** @throws CliError with one line for each problem. */
export function parseTransfers(text: string, source: string): Transfer[] {
  const found = asFields(parse(text, source));
  if (found?.['sluice_export'] !== version || !Array.isArray(found['connectors'])) {
    throw new CliError(
      exitCodes.invalid,
      `${source} is not what sluice export writes: "sluice_export" has to be ${version}, "connectors" a list; ` +
        'definitions alone are applied by: sluice apply -f FILE',
    );
  }
  const problems: string[] = [];
  const transfers = found['connectors'].flatMap((each: unknown, index) => {
    const result = parseTransfer(each);
    if (typeof result !== 'string') return [result];
    problems.push(`${source}, connector ${index + 1}: ${result}`);
    return [];
  });
  for (const [name, same] of Map.groupBy(transfers, (each) => each.name))
    if (same.length > 1) problems.push(`${source}: ${name} is there twice: keep one of them`);
  if (problems.length > 0) throw new CliError(exitCodes.invalid, problems.join('\n'));
  return transfers;
}

function parse(text: string, source: string): unknown {
  try {
    return parseExactJson(text);
  } catch (error) {
    // V8 repeats a part of the text, which may be a secret.
    const position = /at position \d+/.exec(toError(error).message)?.[0] ?? '';
    throw new CliError(exitCodes.invalid, `${source} is not JSON ${position}`.trim());
  }
}

/** A text says what is wrong. */
function parseTransfer(value: unknown): Transfer | string {
  const fields = asFields(value);
  const { name, config, target_state: state, offsets } = fields ?? {};
  if (typeof name !== 'string' || name === '') return '"name" has to be a text';
  const values = asFields(config);
  if (!values || Object.values(values).some((each) => typeof each !== 'string')) {
    return `"config" of ${name} has to be a map of texts`;
  }
  const targetState = targetStates.find((each) => each === state);
  if (!targetState) return `"target_state" of ${name} has to be one of ${targetStates.join(', ')}`;
  if (offsets !== undefined && !isOffsets(offsets)) {
    return `"offsets" of ${name} has to be a list of {"partition", "offset"}`;
  }
  return { name, config: values as Transfer['config'], targetState, offsets };
}

export function isOffsets(value: unknown): value is readonly Offset[] {
  return (
    Array.isArray(value) &&
    value.every((each: unknown) => {
      const fields = asFields(each);
      if (!fields || !asFields(fields['partition'])) return false;
      return fields['offset'] === null || asFields(fields['offset']) !== undefined;
    })
  );
}

export function asFields(value: unknown): Fields | undefined {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isMap ? (value as Fields) : undefined;
}
