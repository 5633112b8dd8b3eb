import { describe, expect, test } from 'vitest';

import { parseDefinitions } from '../src/definitions/parse-definitions.ts';
import { readDocuments } from '../src/definitions/read-documents.ts';

async function parse(text: string, source: string) {
  return parseDefinitions(await readDocuments(text, source)).map(({ definition }) => definition);
}

/** A list of as many times the one before. */
function power(n: number, times: number): string {
  return `b${n}: &a${n + 1} [${Array<string>(times).fill(`*a${n}`).join(',')}]`;
}

describe('shapes of a definition', () => {
  const config = { 'connector.class': 'FileStreamSource', 'tasks.max': '2' };

  test('name and config', async () => {
    const text = JSON.stringify({ name: 'orders', config });
    expect(await parse(text, 'a.json')).toEqual([{ name: 'orders', config }]);
  });

  test('a flat map with a name', async () => {
    const text = JSON.stringify({ name: 'orders', ...config });
    expect(await parse(text, 'a.json')).toEqual([
      { name: 'orders', config: { name: 'orders', ...config } },
    ]);
  });

  test('what the API answers', async () => {
    const tasks = [{ connector: 'orders', task: 0 }];
    const text = JSON.stringify({ name: 'orders', config, tasks, type: 'source' });
    expect(await parse(text, 'a.json')).toEqual([{ name: 'orders', config }]);
  });

  test('an initial state', async () => {
    const text = JSON.stringify({ name: 'orders', config, initial_state: 'paused' });
    expect(await parse(text, 'a.json')).toEqual([
      { name: 'orders', config, initialState: 'PAUSED' },
    ]);
  });

  test('a list', async () => {
    const text = JSON.stringify([
      { name: 'a', config },
      { name: 'b', ...config },
    ]);
    expect((await parse(text, 'a.json')).map(({ name }) => name)).toEqual(['a', 'b']);
  });

  const properties = '# first\r\n\r\nname=orders\r\nconnector.class = X\r\nfile=a\\\r\n  b\r\n';

  test.each(['a.properties', 'A.PROPERTIES', 'connect-file-source.conf', 'standard input'])(
    'properties, as %s',
    async (source) => {
      expect(await parse(properties, source)).toEqual([
        { name: 'orders', config: { name: 'orders', 'connector.class': 'X', file: 'ab' } },
      ]);
    },
  );

  test('JSON by any other name, as Kafka Connect takes it', async () => {
    const text = JSON.stringify({ name: 'orders', config });
    for (const source of ['a.properties', 'a.conf', 'standard input'])
      expect(await parse(text, source)).toEqual([{ name: 'orders', config }]);
  });

  test('YAML by any other name', async () => {
    const text = '# all = of them\nname: orders\nconnector.class: "a=b"\n';
    expect(await parse(text, 'standard input')).toEqual([
      { name: 'orders', config: { name: 'orders', 'connector.class': 'a=b' } },
    ]);
  });

  test('YAML with several documents, lists, comments and an empty end', async () => {
    const text = `# first
name: a
config: &common
  connector.class: FileStreamSource
---
- name: b
  connector.class: FileStreamSink
- name: c
  connector.class: FileStreamSink
---
`;
    expect((await parse(text, 'a.yaml')).map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });

  test('YAML anchors', async () => {
    const text = `
- name: a
  config: &common
    connector.class: FileStreamSource
- name: b
  config: *common
`;
    expect((await parse(text, 'a.yml'))[1]?.config).toEqual({
      'connector.class': 'FileStreamSource',
    });
  });

  test.each([
    ['stands for what it is part of', 'a: &a [*a]'],
    [
      'stands for more than fits anywhere',
      ['a: &a0 [x]', ...[0, 1, 2, 3, 4, 5, 6].map((n) => power(n, 10))].join('\n'),
    ],
  ])('an alias that %s is refused', async (_what, text) => {
    await expect(parse(text, 'a.yaml')).rejects.toMatchObject({
      exitCode: 3,
      message: 'a.yaml is too deep or too large, with what its aliases stand for',
    });
  });

  test('standard input, which may be either', async () => {
    const yaml = 'name: a\nconnector.class: X\n';
    expect(await parse(yaml, 'standard input')).toHaveLength(1);
    expect(await parse(' {"name":"a","connector.class":"X"}', 'standard input')).toHaveLength(1);
  });
});

describe('values', () => {
  test.each([
    {
      kind: 'JSON',
      source: 'a.json',
      text: '{"name":"a","connector.class":"X","n":1.10,"big":12345678901234567890,"on":true,"off":false,"none":null,"exp":1e3,"list":["t1","t2"]}',
    },
    {
      kind: 'YAML',
      source: 'a.yaml',
      text: 'name: a\nconnector.class: X\nn: 1.10\nbig: 12345678901234567890\non: true\noff: false\nnone: ~\nexp: 1e3\nlist: [t1, t2]\n',
    },
  ])('of $kind become the text that stands there', async ({ source, text }) => {
    const [definition] = await parse(text, source);
    expect(definition?.config).toEqual({
      name: 'a',
      'connector.class': 'X',
      n: '1.10',
      big: '12345678901234567890',
      on: 'true',
      off: 'false',
      exp: '1e3',
      list: 't1,t2',
    });
  });

  test('that are quoted in YAML are not null', async () => {
    const [definition] = await parse(
      'name: a\nconnector.class: X\nk: "null"\nempty: ""\n',
      'a.yaml',
    );
    expect(definition?.config).toMatchObject({ k: 'null', empty: '' });
  });
});

describe('problems', () => {
  test.each([
    {
      problem: 'a trailing comma',
      text: '{\n  "name": "a",\n}',
      message: 'a.json is not JSON: line 3, column 1: Expected double-quoted property name',
    },
    {
      problem: 'a missing comma',
      text: '{"name": "secret-a"\n "config": {}}',
      message: "a.json is not JSON: line 2, column 2: Expected ',' or '}' after property value",
    },
    {
      problem: 'a missing end',
      text: '{"name": "a",\n "config": ',
      message: 'a.json is not JSON: line 2, column 11: the text ends too early',
    },
    {
      problem: 'a bare word',
      text: '{"name": "a", "config": {"password":\n s3cret}}',
      message: "a.json is not JSON: line 2, column 2: Unexpected token 's'",
    },
    {
      problem: 'something else',
      text: 'name: a',
      message: 'a.json is not JSON: line 1, column 2: ',
    },
  ])('tell the place of $problem in JSON, and nothing of the text', async ({ text, message }) => {
    const error = await parse(text, 'a.json').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ exitCode: 3, message: expect.stringContaining(message) });
    expect(String(error)).not.toMatch(/s3cret|secret-a/);
  });

  test('tell the place in properties, and nothing of the text', async () => {
    await expect(parse('name=a\npassword=\\us3cret', 'a.properties')).rejects.toThrow(
      /^a\.properties is not in the format of Java's properties: line 2 has a \\u without four hexadecimal digits [^3]*$/,
    );
  });

  test('tell the place in YAML', async () => {
    await expect(parse('name: a\nconfig: {\n', 'a.yaml')).rejects.toThrow(
      /^a\.yaml is not YAML: line 3, column 1: /,
    );
  });

  test.each([
    { text: '{}', message: 'a.json: has no "name": give the connector one' },
    { text: '{"config":{"connector.class":"X"}}', message: 'a.json: has no "name"' },
    {
      text: '{"name":"a","config":{}}',
      message: 'a.json: connector "a" has no "connector.class": name the plugin that it runs',
    },
    {
      text: '{"name":"a","connector.class":"X","tasks.max":"zero"}',
      message: 'connector "a" has tasks.max "zero": write a whole number of at least 1',
    },
    { text: '{"name":"a","connector.class":"X","tasks.max":0}', message: 'tasks.max "0"' },
    {
      text: '{"name":"a","connector.class":"X","transforms":{"x":{"type":"y"}}}',
      message: '"transforms" is a map: write its keys with dots, as in "transforms.x"',
    },
    {
      text: '{"name":"a","config":{"name":"b","connector.class":"X"}}',
      message: '"name" is "a", but "config" has the name "b"',
    },
    {
      text: '{"name":"a","config":{"connector.class":"X"},"topics":"t"}',
      message: 'has the key "topics" beside "config": put it into "config"',
    },
    { text: '["a"]', message: 'a.json, item 1: is not a connector definition' },
    { text: '[]', message: 'there is no definition to apply' },
    { text: '  ', message: 'a.json is empty' },
    {
      text: '[{"name":"a","connector.class":"X"},{"name":"a","connector.class":"X"}]',
      message: 'a.json, item 2: connector "a" is already defined in a.json, item 1: keep one',
    },
  ])('name the thing and the remedy: $message', async ({ text, message }) => {
    await expect(parse(text, 'a.json')).rejects.toThrow(message);
  });

  test('are all told at once', async () => {
    const text = '[{"name":"a"},{"connector.class":"X"},{"name":"b","connector.class":"X"}]';
    const error = await parse(text, 'a.json').catch((thrown: unknown) => thrown);
    expect((error as Error).message.split('\n')).toHaveLength(2);
  });
});
