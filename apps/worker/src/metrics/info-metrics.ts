/**
 * Which code connectors and tasks run with: classes and versions, as metrics that are always 1. They change with
 * definitions and plugins only, and are told with each start.
 */
import type { RunnableUnit, UnitId } from '@sluice/coordination';
import type { NamedPart, PartName, TaskParts } from '@sluice/runtime';

import type { UnitObserver } from '../unit-observer.ts';
import { familyText, labelText, type MetricFamily } from './exposition.ts';

const family = (name: string, what: string): MetricFamily => ({
  name: `sluice_${name}_info`,
  help: `${what}; always 1`,
  type: 'gauge',
});

export const infoFamilies = {
  units: family('unit', 'Class and version of a connector'),
  converters: family('task_converters', 'Classes and versions of the converters of a task'),
  transforms: family('task_transform', 'Class and version of a transform of a task'),
  predicates: family('task_predicate', 'Class and version of a predicate that a transform uses'),
};

interface Known {
  readonly unit: string;
  readonly converters: string | undefined;
  readonly transforms: readonly string[];
  readonly predicates: readonly string[];
}

type Family = keyof typeof infoFamilies;

/** Their labels, by unit. */
export class InfoMetrics implements UnitObserver {
  readonly #max: number;
  readonly #known = new Map<UnitId, Known>();

  /** `max`: units that are shown. */
  constructor(max: number) {
    this.#max = max;
  }

  record(): void {}

  status(): void {}

  plugin({ unit, kind, connector, task, connectorType }: RunnableUnit, plugin: PartName): void {
    const labels = labelText({
      connector,
      unit: kind,
      ...(task !== undefined && { task: String(task) }),
      type: connectorType,
      ...named(plugin),
    });
    const before = this.#known.get(unit);
    const none = { converters: undefined, transforms: [], predicates: [] };
    this.#known.set(unit, { ...(before ?? none), unit: labels });
  }

  parts({ unit, connector, task = 0, connectorType: kind }: RunnableUnit, parts: TaskParts): void {
    const own = labelText({ connector, task: String(task), kind });
    const { key, value, header } = parts.converters;
    const labelled = (label: string) => (part: NamedPart) =>
      `${own},${labelText({ [label]: part.name, ...named(part) })}`;
    this.#known.set(unit, {
      unit: this.#known.get(unit)?.unit ?? '',
      converters: `${own},${labelText({
        key_converter: key.class,
        key_converter_version: key.version,
        value_converter: value.class,
        value_converter_version: value.version,
        header_converter: header.class,
        header_converter_version: header.version,
      })}`,
      transforms: parts.transforms.map(labelled('transform')),
      predicates: parts.predicates.map(labelled('predicate')),
    });
  }

  forget(unit: UnitId): void {
    this.#known.delete(unit);
  }

  render(): string {
    const shown = [...this.#known.values()].slice(0, this.#max);
    const text = (name: Family, labelsOf: (known: Known) => readonly string[]): string =>
      familyText(
        infoFamilies[name],
        shown.flatMap((known) => labelsOf(known).map((labels) => [labels, 1] as const)),
      );
    return [
      text('units', ({ unit }) => (unit === '' ? [] : [unit])),
      text('converters', ({ converters }) => (converters === undefined ? [] : [converters])),
      text('transforms', ({ transforms }) => transforms),
      text('predicates', ({ predicates }) => predicates),
    ].join('');
  }
}

function named({ class: name, version }: PartName): Record<'class' | 'version', string> {
  return { class: name, version };
}
