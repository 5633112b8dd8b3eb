import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import {
  chooseConnectorVersion,
  compareVersions,
  isInRange,
  newestInRange,
  parseVersionRange,
} from '../src/index.ts';

/** As `java -jar maven-artifact.jar` of Maven's own library orders them; = is the same version. */
const ascending = [
  ['1.0-alpha', '1-alpha', '1.0.0-alpha'],
  ['1.0-alpha1', '1.0-a1', '1.0-alpha-1'],
  ['1.0-beta2', '1.0-b2'],
  ['1.0-milestone1', '1.0-m1'],
  ['1.0-rc1', '1.0-cr1', '1.0-RC1'],
  ['1.0-SNAPSHOT', '1.0-snapshot'],
  ['1', '1.0', '1.0.0', '1-ga', '1.0-final', '1.0-release', '01.0'],
  ['1.0-sp', '1-sp'],
  ['1.0-xyz'],
  ['1.0-1', '1-1'],
  ['1.0.1'],
  ['1.9'],
  ['1.10'],
  ['2.0-alpha'],
  ['2'],
  ['123456789012345678901234567890'],
];

test('versions are ordered as by Maven', () => {
  for (const [index, same] of ascending.entries()) {
    for (const version of same) {
      for (const other of same) expect(compareVersions(version, other), version).toBe(0);
      for (const newer of ascending.slice(index + 1).flat()) {
        expect(compareVersions(version, newer), `${version} < ${newer}`).toBeLessThan(0);
        expect(compareVersions(newer, version), `${newer} > ${version}`).toBeGreaterThan(0);
      }
    }
  }
});

const anyVersion = fc
  .array(fc.constantFrom('0', '1', '2', '10', 'alpha', 'rc', 'sp', 'x', 'final', '.', '-'), {
    maxLength: 8,
  })
  .map((parts) => parts.join(''));

test('whatever is written, the order has no cycle of two', () => {
  fc.assert(
    fc.property(anyVersion, anyVersion, (a, b) => {
      expect(Math.sign(compareVersions(a, b))).toBe(-Math.sign(compareVersions(b, a)) || 0);
      expect(compareVersions(a, a)).toBe(0);
    }),
  );
});

function rangeOf(text: string) {
  const parsed = parseVersionRange(text);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed.range;
}

test.each([
  ['[1.0,2.0)', '[1.0,2.0)', ['1.0', '1.9.9', '2.0-rc1'], ['0.9', '2.0', '1.0-rc1']],
  ['1.0', '[1.0]', ['1.0', '1.0.0'], ['1.0.1', '0.9']],
  ['[1.5]', '[1.5]', ['1.5'], ['1.5.1']],
  ['(,1.0],[1.2,)', '(,1.0],[1.2,)', ['0.1', '1.0', '1.2', '9'], ['1.1']],
  ['(1.0,)', '(1.0,)', ['1.0.1'], ['1.0']],
  [' [ 1.0 , 2.0 ] ', '[1.0,2.0]', ['2.0'], ['2.0.1']],
])('%s', (text, written, inside, outside) => {
  const range = rangeOf(text);
  expect(range?.text).toBe(written);
  expect(inside.filter((version) => !isInRange(version, range))).toEqual([]);
  expect(outside.filter((version) => isInRange(version, range))).toEqual([]);
});

test.each([undefined, '', ' ', 'latest'])('%j asks for the newest', (text) => {
  expect(parseVersionRange(text)).toEqual({ range: undefined });
});

test.each([
  ['[1.0', 'Unbounded range: [1.0'],
  ['(1.0)', 'Single version must be surrounded by []: 1.0'],
  ['[]', 'Single version must be surrounded by []'],
  ['[1,1)', 'Range cannot have identical boundaries: 1,1'],
  ['[2,1]', 'Range defies version ordering: 2,1'],
  ['[1,3],[2,4]', 'Ranges overlap: [1,3],[2,4]'],
  ['[1,2],3', 'Only fully-qualified sets allowed in multiple set scenario'],
  ['1.0,2.0', 'Only fully-qualified sets allowed in multiple set scenario'],
  ['[1,2,3]', 'Range has more than two versions'],
])('%s is no range', (text, problem) => {
  expect(parseVersionRange(text)).toEqual({ problem: expect.stringContaining(problem) });
});

const versions = ['1.9.0', '1.10.0', '1.0.0'].map((version) => ({ version }));

test('of several versions the newest in the range is chosen', () => {
  expect(newestInRange(versions, undefined)?.version).toBe('1.10.0');
  expect(newestInRange(versions, rangeOf('[1,1.10)'))?.version).toBe('1.9.0');
  expect(newestInRange(versions, rangeOf('[2,)'))).toBeUndefined();
});

test('a version that is not there is told on both keys, with those that are, in order', () => {
  const config = { 'connector.class': 'Orders', 'connector.plugin.version': '[2.0,3.0)' };
  const message =
    'Plugin Orders not found that matches the version range [2.0,3.0), available versions: [1.0.0, 1.9.0, 1.10.0]';
  expect(chooseConnectorVersion(config, versions)).toEqual({
    plugin: { version: '1.10.0' },
    problems: [
      { key: 'connector.class', message },
      { key: 'connector.plugin.version', message },
    ],
  });
  expect(chooseConnectorVersion({ ...config, 'connector.plugin.version': '[2' }, versions)).toEqual(
    {
      plugin: { version: '1.10.0' },
      problems: [
        {
          key: 'connector.plugin.version',
          message:
            'Invalid value [2 for configuration connector.plugin.version: Unbounded range: [2',
        },
      ],
    },
  );
  expect(chooseConnectorVersion(config, [])).toEqual({ plugin: undefined, problems: [] });
});
