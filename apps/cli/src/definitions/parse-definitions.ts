/**
 * What may stand in a file for `sluice apply`: one definition or a list of them, each in either of Kafka
 * Connect's shapes, `{ name, config }` or a flat map with `name`. All problems of all files are found
 * before anything is asked of the cluster.
 */
import type { Definition, TargetState } from '@sluice/coordination';

import { CliError, exitCodes } from '../exit-codes.ts';
import type { Document, Value } from './read-documents.ts';

export interface SourcedDefinition {
  readonly definition: Definition;
  readonly source: string;
}

type Fields = { readonly [key: string]: Value };

/** What the API answers beside `name` and `config`, so that its answers can be applied again. */
const ignoredKeys = new Set(['tasks', 'type']);
const initialStates: readonly TargetState[] = ['STARTED', 'PAUSED', 'STOPPED'];

/** @throws CliError with one line for each problem. */
export function parseDefinitions(documents: readonly Document[]): SourcedDefinition[] {
  const problems: string[] = [];
  const found: SourcedDefinition[] = [];
  const sourceOfName = new Map<string, string>();
  for (const { value, source } of documents.flatMap(splitList)) {
    const report = (text: string): void => void problems.push(`${source}: ${text}`);
    const definition = parseDefinition(value, report);
    if (!definition) continue;
    const other = sourceOfName.get(definition.name);
    if (other !== undefined) {
      report(`connector "${definition.name}" is already defined in ${other}: keep one of them`);
      continue;
    }
    sourceOfName.set(definition.name, source);
    found.push({ definition, source });
  }
  if (problems.length > 0) throw new CliError(exitCodes.invalid, problems.join('\n'));
  if (found.length === 0) throw new CliError(exitCodes.invalid, 'there is no definition to apply');
  return found;
}

function splitList({ value, source }: Document): Document[] {
  if (!Array.isArray(value)) return [{ value, source }];
  return value.map((item: Value, index) => ({
    value: item,
    source: `${source}, item ${index + 1}`,
  }));
}

function parseDefinition(value: Value, report: (problem: string) => void): Definition | undefined {
  if (!isFields(value)) {
    report('is not a connector definition: write a map with "name" and "config"');
    return undefined;
  }
  const before = { count: 0 };
  const count = (problem: string): void => {
    before.count += 1;
    report(problem);
  };
  const definition = isFields(value['config'])
    ? parseWrapped(value, value['config'], count)
    : parseFlat(value, count);
  checkCommonKeys(definition, count);
  return before.count === 0 ? definition : undefined;
}

function parseWrapped(
  fields: Fields,
  inner: Fields,
  report: (problem: string) => void,
): Definition {
  for (const key of Object.keys(fields)) {
    if (['name', 'config', 'initial_state'].includes(key) || ignoredKeys.has(key)) continue;
    report(`has the key "${key}" beside "config": put it into "config"`);
  }
  const config = parseConfig(inner, report);
  const outerName = fields['name'];
  const name = typeof outerName === 'string' ? outerName : (config['name'] ?? '');
  if (config['name'] !== undefined && config['name'] !== name) {
    report(
      `"name" is "${name}", but "config" has the name "${config['name']}": make them the same`,
    );
  }
  const state = parseInitialState(fields['initial_state'], report);
  return { name, config, ...(state && { initialState: state }) };
}

function parseFlat(fields: Fields, report: (problem: string) => void): Definition {
  const config = parseConfig(fields, report);
  return { name: config['name'] ?? '', config };
}

function parseInitialState(
  value: Value | undefined,
  report: (problem: string) => void,
): TargetState | undefined {
  if (value === undefined) return undefined;
  const wanted = typeof value === 'string' ? value.toUpperCase() : '';
  const state = initialStates.find((each) => each === wanted);
  if (!state) report(`"initial_state" must be one of ${initialStates.join(', ')}`);
  return state;
}

function parseConfig(
  fields: Fields,
  report: (problem: string) => void,
): Readonly<Record<string, string>> {
  const entries = Object.entries(fields).map(([key, value]): [string, string] => {
    if (typeof value === 'string') return [key, value];
    if (Array.isArray(value)) return [key, joinList(key, value, report)];
    report(`"${key}" is a map: write its keys with dots, as in "${key}.${firstKey(value)}"`);
    return [key, ''];
  });
  return Object.fromEntries(entries);
}

/** Kafka Connect's lists are separated by commas. */
function joinList(key: string, items: readonly Value[], report: (text: string) => void): string {
  const isSimple = items.every((item) => typeof item === 'string' && !item.includes(','));
  if (!isSimple)
    report(`"${key}" is a list of more than plain values without commas: write it as text`);
  return items.map(String).join(',');
}

function firstKey(value: Value): string {
  return Object.keys(value)[0] ?? 'key';
}

function checkCommonKeys({ name, config }: Definition, report: (problem: string) => void): void {
  if (name.trim() === '') {
    report('has no "name": give the connector one');
    return;
  }
  if ((config['connector.class'] ?? '').trim() === '') {
    report(
      `connector "${name}" has no "connector.class": name the plugin that it runs ` +
        '(sluice get plugins lists them)',
    );
  }
  const tasksMax = config['tasks.max'];
  if (tasksMax !== undefined && !/^\s*\+?0*[1-9]\d*\s*$/.test(tasksMax)) {
    report(`connector "${name}" has tasks.max "${tasksMax}": write a whole number of at least 1`);
  }
}

function isFields(value: Value | undefined): value is Fields {
  return typeof value === 'object' && !Array.isArray(value);
}
