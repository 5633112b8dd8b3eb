/** The fields of a form from the keys of a plugin: which group, in which order, and which at first. Pure. */
import type { ConfigInfo, ConfigInfos } from '@sluice/rest-api/shapes';
import type { Config } from './config-diff.ts';
import { collate } from './task-rows.ts';

export interface Field {
  readonly name: string;
  readonly label: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly importance: 'HIGH' | 'MEDIUM' | 'LOW';
  readonly defaultValue: string | null;
  readonly documentation: string;
  readonly choices: readonly string[];
  readonly errors: readonly string[];
  /** Asks to be seen: set, required, important or wrong. */
  readonly isForemost: boolean;
}

export interface FieldGroup {
  readonly name: string;
  readonly fields: readonly Field[];
}

/** Set elsewhere on the page. */
const apart = new Set(['name', 'connector.class']);
const ungrouped = 'General';

export function fieldGroups(infos: ConfigInfos, config: Config): FieldGroup[] {
  const shown = infos.configs.filter(
    ({ definition, value }) =>
      !apart.has(definition.name) &&
      (value.visible || config[definition.name] !== undefined || value.errors.length > 0),
  );
  const byGroup = Map.groupBy(shown, ({ definition }) => definition.group ?? ungrouped);
  const order = [...infos.groups, ungrouped];
  return [...byGroup]
    .toSorted(
      ([a], [b]) =>
        foremost(byGroup.get(b)) - foremost(byGroup.get(a)) || order.indexOf(a) - order.indexOf(b),
    )
    .map(([name, members]) => ({
      name,
      fields: members.toSorted(inOrder).map((info) => fieldOf(info, config)),
    }));
}

/** Groups with what must be filled in come first. */
function foremost(members: readonly ConfigInfo[] = []): number {
  return members.some(({ definition }) => definition.required) ? 1 : 0;
}

const importances = ['HIGH', 'MEDIUM', 'LOW'] as const;

function inOrder({ definition: a }: ConfigInfo, { definition: b }: ConfigInfo): number {
  return (
    Number(b.required) - Number(a.required) ||
    importances.indexOf(a.importance) - importances.indexOf(b.importance) ||
    a.order_in_group - b.order_in_group ||
    collate(a.name, b.name)
  );
}

function fieldOf({ definition, value }: ConfigInfo, config: Config): Field {
  const { name, type, required, importance, default_value: defaultValue } = definition;
  const isSet = config[name] !== undefined;
  return {
    name,
    label: definition.display_name === '' ? name : definition.display_name,
    type,
    isRequired: required,
    importance,
    defaultValue,
    documentation: definition.documentation,
    choices: value.recommended_values,
    errors: value.errors,
    isForemost: isSet || required || importance === 'HIGH' || value.errors.length > 0,
  };
}

/** Keys of a definition that no field stands for, as those of a transform that was not validated yet. */
export function keysWithoutField(infos: ConfigInfos, config: Config): string[] {
  const known = new Set(infos.configs.map(({ definition }) => definition.name));
  return Object.keys(config).filter((key) => !known.has(key) && !apart.has(key));
}

/** `${env:DB_PASSWORD}`: stands for a secret that only workers resolve. */
export function isReference(value: string): boolean {
  return /\$\{[^}:]+:[^}]*\}/.test(value);
}
