/** `PUT /connector-plugins/NAME/config/validate`, and definitions to ask it of. */
import assert from 'node:assert/strict';
import type { ConnectorSettings } from '../targets/target.ts';
import type { Trial } from '../trial.ts';
import { fileSinkClass, fileSourceClass } from './connectors.ts';
import { ask } from './request.ts';

export interface ConfigInfos {
  readonly name: string;
  readonly error_count: number;
  readonly groups: readonly string[];
  readonly configs: readonly {
    readonly definition: {
      readonly name: string;
      readonly group: string | null;
      readonly display_name: string;
      readonly order_in_group: number;
    };
    readonly value: {
      readonly name: string;
      readonly value: string | null;
      readonly recommended_values: readonly string[];
      readonly errors: readonly string[];
      readonly visible: boolean;
    };
  }[];
}

export async function validate(
  trial: Trial,
  name: string,
  config: Readonly<Record<string, unknown>>,
): Promise<ConfigInfos> {
  const answer = await ask(trial, `PUT /connector-plugins/${name}/config/validate`, {
    body: config,
  });
  assert.equal(answer.status, 200, answer.text);
  return answer.body as ConfigInfos;
}

export const sourceBase: ConnectorSettings = {
  name: 'source',
  'connector.class': fileSourceClass,
  file: '/tmp/none',
  topic: 't',
};
export const sinkBase: ConnectorSettings = {
  name: 'sink',
  'connector.class': fileSinkClass,
  file: '/tmp/none',
};
export const sinkOfTopics: ConnectorSettings = { ...sinkBase, topics: 't' };
