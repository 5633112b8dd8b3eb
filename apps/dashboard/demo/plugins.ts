/** Plugins of the demo, and what a validation says of a configuration of any of them. */

export const plugins = [
  { class: 'io.debezium.connector.postgresql.PostgresConnector', type: 'source', version: '0.1.0' },
  { class: 'io.debezium.connector.mysql.MySqlConnector', type: 'source', version: '0.1.0' },
  { class: 'org.apache.kafka.connect.file.FileStreamSource', type: 'source', version: '0.1.0' },
  { class: 'io.sluice.bullmq.BullMqSource', type: 'source', version: '0.1.0' },
  { class: 'io.confluent.connect.jdbc.JdbcSinkConnector', type: 'sink', version: '0.1.0' },
  { class: 'io.sluice.http.HttpSink', type: 'sink', version: '0.1.0' },
  { class: 'org.apache.kafka.connect.file.FileStreamSink', type: 'sink', version: '0.1.0' },
] as const;

type Key = readonly [
  name: string,
  type: string,
  group: string,
  importance: 'HIGH' | 'MEDIUM' | 'LOW',
  defaultValue: string | null,
  documentation: string,
];

const keys: readonly Key[] = [
  ['database.hostname', 'STRING', 'Connection', 'HIGH', null, 'Host of the server.'],
  ['database.port', 'INT', 'Connection', 'HIGH', '5432', 'Port of the server.'],
  ['database.user', 'STRING', 'Connection', 'HIGH', null, 'A user that may replicate.'],
  ['database.password', 'PASSWORD', 'Connection', 'HIGH', '', 'Password of that user.'],
  ['topic.prefix', 'STRING', 'Connection', 'HIGH', null, 'What names of topics begin with.'],
  ['snapshot.mode', 'STRING', 'Capture', 'MEDIUM', 'initial', 'What is read before the changes.'],
  ['table.include.list', 'LIST', 'Capture', 'MEDIUM', '', 'Tables, as schema.table.'],
  ['tombstones.on.delete', 'BOOLEAN', 'Capture', 'LOW', 'true', 'A null after each delete.'],
  ['tasks.max', 'INT', 'Common', 'HIGH', '1', 'At most so many tasks.'],
  ['errors.tolerance', 'STRING', 'Error Handling', 'MEDIUM', 'none', 'none or all.'],
];
const required = new Set(['database.hostname', 'database.user', 'topic.prefix']);

export function configKeys(): object[] {
  return definitions({}).map(({ definition }) => definition);
}

export function configInfos(config: Readonly<Record<string, string>>): object {
  const configs = definitions(config);
  return {
    name: config['connector.class'],
    error_count: configs.filter(({ value }) => value.errors.length > 0).length,
    groups: [...new Set(keys.map(([, , group]) => group))],
    configs,
  };
}

function definitions(config: Readonly<Record<string, string>>) {
  return keys.map(([name, type, group, importance, defaultValue, documentation], order) => {
    const isMissing = required.has(name) && config[name] === undefined;
    return {
      definition: {
        name,
        type,
        required: required.has(name),
        default_value: defaultValue,
        importance,
        documentation,
        group,
        order_in_group: order,
        width: 'MEDIUM',
        display_name: name,
      },
      value: {
        name,
        value: config[name] ?? defaultValue,
        recommended_values: name === 'snapshot.mode' ? ['initial', 'no_data', 'always'] : [],
        errors: isMissing
          ? [`Missing required configuration "${name}" which has no default value.`]
          : [],
        visible: true,
      },
    };
  });
}
