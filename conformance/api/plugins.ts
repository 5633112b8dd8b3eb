/** What plugins there are, and the keys of each. */
import assert from 'node:assert/strict';
import type { ConformanceCase } from '../case.ts';
import { fileSinkClass, fileSourceClass, probeClass } from './connectors.ts';
import {
  type ExpectedKey,
  fileSinkKeys,
  fileSourceKeys,
  sinkKeys,
  sourceKeys,
  versionKeys,
} from './expected-keys.ts';
import { ask, assertAnswer, assertError } from './request.ts';

interface Plugin {
  readonly class: string;
  readonly type: string;
  readonly version?: string;
}

const plugins = [
  ['source', fileSourceClass],
  ['sink', fileSinkClass],
  ['source', probeClass],
] as const;

/** That come with Kafka Connect, of each type that is no connector. */
const parts: Readonly<Record<string, readonly string[]>> = {
  converter: [
    'org.apache.kafka.connect.json.JsonConverter',
    'org.apache.kafka.connect.storage.StringConverter',
    ...['Boolean', 'ByteArray', 'Double', 'Float', 'Integer', 'Long', 'Short'].map(
      (type) => `org.apache.kafka.connect.converters.${type}Converter`,
    ),
  ],
  header_converter: [
    'org.apache.kafka.connect.storage.SimpleHeaderConverter',
    'org.apache.kafka.connect.json.JsonConverter',
    'org.apache.kafka.connect.storage.StringConverter',
  ],
  transformation: [
    'Cast$Key',
    'Cast$Value',
    'DropHeaders',
    'ExtractField$Key',
    'ExtractField$Value',
    'Filter',
    'Flatten$Key',
    'Flatten$Value',
    'HeaderFrom$Key',
    'HeaderFrom$Value',
    'HoistField$Key',
    'HoistField$Value',
    'InsertField$Key',
    'InsertField$Value',
    'InsertHeader',
    'MaskField$Key',
    'MaskField$Value',
    'RegexRouter',
    'ReplaceField$Key',
    'ReplaceField$Value',
    'SetSchemaMetadata$Key',
    'SetSchemaMetadata$Value',
    'TimestampConverter$Key',
    'TimestampConverter$Value',
    'TimestampRouter',
    'ValueToKey',
  ].map((name) => `org.apache.kafka.connect.transforms.${name}`),
  predicate: ['HasHeaderKey', 'RecordIsTombstone', 'TopicNameMatches'].map(
    (name) => `org.apache.kafka.connect.transforms.predicates.${name}`,
  ),
};

const fields = [
  'default_value',
  'dependents',
  'display_name',
  'documentation',
  'group',
  'importance',
  'name',
  'order_in_group',
  'required',
  'type',
  'width',
];

/** Without what tells which version is meant. */
function shown(body: unknown): ExpectedKey[] {
  const keys = (body as Record<string, unknown>[]).filter(
    ({ name }) => !versionKeys.includes(String(name)),
  );
  return keys.map((key) => {
    const missing = fields.filter((field) => !(field in key));
    assert.deepEqual(missing, [], JSON.stringify(key));
    assert.deepEqual(
      [typeof key['documentation'], typeof key['order_in_group'], key['dependents']],
      ['string', 'number', []],
    );
    return [
      key['name'],
      key['type'],
      key['required'],
      key['default_value'],
      key['importance'],
      key['group'],
      key['width'],
      key['display_name'],
    ] as ExpectedKey;
  });
}

/** Of the keys of every connector: those of errors are counted anew. */
const commonOrders = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 1, 2, 3, 4, 5];

function orders(body: unknown): number[] {
  return (body as { readonly order_in_group: number }[]).map((key) => key.order_in_group);
}

export const pluginCases: readonly ConformanceCase[] = [
  {
    title: 'plugins: ConnectRestApiTest test_rest_api: the connectors, and nothing else',
    run: async (trial) => {
      for (const query of ['', '?connectorsOnly=true', '?connectorsOnly=True']) {
        const { body, status } = await ask(trial, `GET /connector-plugins${query}`);
        assert.equal(status, 200);
        const listed = body as readonly Plugin[];
        for (const plugin of listed) {
          assert.deepEqual(Object.keys(plugin).toSorted(), ['class', 'type', 'version']);
          assert.match(plugin.type, /^(source|sink)$/);
        }
        for (const [type, name] of plugins)
          assert.equal(listed.find((plugin) => plugin.class === name)?.type, type, name);
      }
    },
  },
  {
    title: 'plugins: connectorsOnly=false: converters, transforms and predicates as well',
    run: async (trial) => {
      for (const query of ['connectorsOnly=false', 'connectorsOnly=FALSE', 'connectorsOnly=x']) {
        const { body } = await ask(trial, `GET /connector-plugins?${query}`);
        const listed = body as readonly Plugin[];
        const classes = (type: string): string[] =>
          listed.filter((plugin) => plugin.type === type).map((plugin) => plugin.class);
        for (const [type, names] of Object.entries(parts)) {
          const found = new Set(classes(type));
          assert.deepEqual(
            names.filter((name) => !found.has(name)),
            [],
            type,
          );
        }
        for (const [type, name] of plugins) assert.ok(classes(type).includes(name), name);
      }
    },
  },
  {
    title: "plugins: keys of FileStreamSource, the plugin's own first, then the framework's",
    run: async (trial) => {
      for (const name of [fileSourceClass, 'FileStreamSourceConnector', 'FileStreamSource']) {
        const { body } = await ask(trial, `GET /connector-plugins/${name}/config`);
        assert.deepEqual(shown(body), [...fileSourceKeys, ...sourceKeys]);
        assert.deepEqual(orders(body), [-1, -1, -1, ...commonOrders, 1, 2, 3, 4, 1]);
      }
    },
  },
  {
    title: "plugins: keys of FileStreamSink, the plugin's own first, then the framework's",
    run: async (trial) => {
      const { body } = await ask(trial, `GET /connector-plugins/${fileSinkClass}/config`);
      assert.deepEqual(shown(body), [...fileSinkKeys, ...sinkKeys]);
      assert.deepEqual(orders(body), [-1, ...commonOrders, 4, 4, 6, 7, 8]);
    },
  },
  {
    title: 'plugins: the names of the fields of a key',
    difference: 'order-in-group',
    run: async (trial) => {
      const { body } = await ask(trial, `GET /connector-plugins/${fileSinkClass}/config`);
      const [first = {}] = body as object[];
      assert.deepEqual(
        Object.keys(first).toSorted(),
        trial.on({ connect: fields, sluice: [...fields, 'order'].toSorted() }),
      );
    },
  },
  {
    title: 'plugins: keys of versions',
    run: async (trial) => {
      const { body } = await ask(trial, `GET /connector-plugins/${fileSinkClass}/config`);
      const names = (body as { readonly name: string }[]).map(({ name }) => name);
      assert.deepEqual(
        versionKeys.filter((key) => names.includes(key)),
        versionKeys,
      );
    },
  },
  {
    title: 'plugins: keys of converters, transforms and predicates',
    run: async (trial) => {
      for (const [name, key] of [
        ['org.apache.kafka.connect.json.JsonConverter', 'schemas.enable'],
        ['org.apache.kafka.connect.storage.StringConverter', 'converter.encoding'],
        ['org.apache.kafka.connect.transforms.HoistField$Value', 'field'],
        ['RegexRouter', 'replacement'],
        ['HasHeaderKey', 'name'],
      ] as const) {
        const { body, status } = await ask(trial, `GET /connector-plugins/${name}/config`);
        assert.equal(status, 200, name);
        assert.ok(
          shown(body).some(([each]) => each === key),
          name,
        );
      }
      assertAnswer(await ask(trial, 'GET /connector-plugins/Filter/config'), 200, []);
    },
  },
  {
    title: 'plugins: one that is not there',
    run: async (trial) => {
      assertError(
        await ask(trial, 'GET /connector-plugins/NoSuchPlugin/config'),
        404,
        'Unknown plugin NoSuchPlugin.',
      );
    },
  },
];
