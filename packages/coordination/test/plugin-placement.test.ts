import { expect, test } from 'vitest';

import { decideOwnership } from '../src/decide-ownership.ts';
import type { MemberRecord, PluginInfo } from '../src/model.ts';
import { catalogOf } from '../src/plugin-catalog.ts';
import { PluginPlacement } from '../src/plugin-placement.ts';
import { connector, member, ownedBy, plugin, task, viewOf } from './records.ts';

const builtIn = [
  plugin('kafka.Mask', { type: 'transformation', aliases: ['Mask'] }),
  plugin('kafka.Json', { type: 'converter' }),
];
const clock = (version: string): PluginInfo =>
  plugin('example.Clock', { aliases: ['Clock'], version });
const upper = (version: string): PluginInfo =>
  plugin('example.Upper', { type: 'transformation', aliases: ['Upper'], version });

/** Where the task of a connector with that configuration goes. */
function placed(
  members: readonly MemberRecord[],
  config: Record<string, string>,
  owner?: MemberRecord,
) {
  const view = viewOf({
    members,
    connectors: [connector('a', { config: { 'connector.class': 'Clock', ...config } })],
    units: [task('a', 0, owner ? ownedBy(owner) : {})],
  });
  const decision = decideOwnership(view, catalogOf(members, builtIn), {
    movement: 'minimal',
    balanceMovesMax: Number.POSITIVE_INFINITY,
    penalties: new Map(),
  });
  const [unplaceable] = decision.unplaceable;
  return {
    granted: decision.grant.map(({ worker }) => worker),
    revoked: decision.revoke.map(({ why }) => why),
    ...(unplaceable ? { why: unplaceable.reason } : {}),
  };
}

const old = member('w1', { plugins: [clock('1.0.0')] });
const both = member('w2', { plugins: [clock('1.0.0'), clock('2.0.0')] });

test.each([
  ['[2.0,3.0)', 'w2'],
  ['2.0.0', 'w2'],
  ['[1.0,2.0)', 'w1'],
  ['latest', 'w1'],
])(
  'a task of a connector with version %s goes to a worker that has one of them',
  (version, worker) => {
    expect(placed([old, both], { 'connector.plugin.version': version })).toEqual({
      granted: [worker],
      revoked: [],
    });
  },
);

test('a version that nobody has is waited for, and told', () => {
  expect(placed([old, both], { 'connector.plugin.version': '[3.0,)' })).toEqual({
    granted: [],
    revoked: [],
    why: 'no worker that is up has the plugin example.Clock [3.0,)',
  });
});

test('one that a worker could not load does not count', () => {
  const broken = member('w3', { plugins: [{ ...clock('3.0.0'), error: 'it throws' }] });
  expect(placed([broken], { 'connector.plugin.version': '3.0.0' }).granted).toEqual([]);
});

test('what is no range fits no worker', () => {
  expect(placed([both], { 'connector.plugin.version': '[1' }).granted).toEqual([]);
});

const transformed = {
  transforms: 'u,m',
  'transforms.u.type': 'Upper',
  'transforms.m.type': 'Mask',
};

test('transforms and converters of a user are needed, too; those that come with every worker are not', () => {
  const has = member('w3', { plugins: [clock('1.0.0'), upper('1.0.0')] });
  expect(placed([old, both, has], transformed).granted).toEqual(['w3']);
  expect(placed([old, both], transformed).why).toBe(
    'no worker that is up has the plugin example.Clock and Upper',
  );
  expect(placed([old], { 'value.converter': 'kafka.Json' }).granted).toEqual(['w1']);
  expect(placed([old], { 'value.converter': 'example.Avro' }).granted).toEqual([]);
  const pinned = { ...transformed, 'transforms.u.plugin.version': '2.0.0' };
  expect(placed([has], pinned).why).toBe(
    'no worker that is up has the plugin example.Clock and example.Upper [2.0.0]',
  );
});

test('a task whose worker has its plugin no more moves to one that does; without one it goes on', () => {
  const without = member('w3', { plugins: [] });
  expect(placed([without, both], {}, without)).toEqual({ granted: [], revoked: ['balance'] });
  expect(placed([without], {}, without)).toMatchObject({ granted: [], revoked: [] });
});

test('a newer version moves nothing', () => {
  expect(placed([old, both], {}, old)).toEqual({ granted: [], revoked: [] });
});

test.each([
  ['nothing', {}],
  ['no connector', { transforms: 'a', 'transforms.a.type': 'example.Upper' }],
])('a definition that names %s needs nothing, and nobody meets that', (_what, config) => {
  const worker = member('w1', { plugins: [clock('1.0.0')] });
  const placement = new PluginPlacement(catalogOf([worker], builtIn));
  expect(placement.add(config)).toBe('');
  expect(placement.add({ 'connector.class': 'Clock' })).toBe('example.Clock');
  expect([...placement.metBy(worker)]).toEqual(['example.Clock']);
});
