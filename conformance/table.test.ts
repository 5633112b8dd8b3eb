import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { CaseResult, Outcome, Suite } from './case.ts';
import { suites } from './suites.ts';
import { conformanceDocument, gapsOf } from './table.ts';
import { tableFile, tableOf } from './table-file.ts';
import { targetNames } from './targets/target.ts';

const run = async (): Promise<void> => {};
const suite: Suite = {
  name: 's',
  cases: [
    { title: 'names: a|b', run },
    { title: 'names: of others', difference: 'row-1', run },
    { title: 'alone', run },
  ],
};

/** What a run shows in which nothing is amiss. */
function wellOf(all: readonly Suite[]): CaseResult[] {
  return all.flatMap(({ cases, name }) =>
    cases.flatMap(({ difference, title }) =>
      targetNames.map((target) => ({
        target,
        suite: name,
        title,
        outcome: difference === undefined ? ('passed' as const) : ('difference' as const),
        ...(difference !== undefined && { difference }),
        seconds: 1,
      })),
    ),
  );
}

test('docs/CONFORMANCE.md is of the cases that there are: else `npm run conformance -- --markdown`', () => {
  expect(readFileSync(tableFile, 'utf8')).toBe(tableOf(wellOf(suites)));
});

test('the table has each case under its subject, and links to rows', () => {
  const text = conformanceDocument({
    suites: [suite],
    results: wellOf([suite]),
    rows: [{ id: 'row-1', anchor: 'requests' }],
    version: '4.3.1',
  });
  expect(text.slice(text.indexOf('| suite'))).toBe(`| suite | cases | same | differ as declared |
| --- | ---: | ---: | ---: |
| [s](#s) | 3 | 2 | 1 |

## s

### s: names

| case | Kafka Connect | Sluice |
| --- | --- | --- |
| a\\|b | same | same |
| of others | [row-1](COMPATIBILITY.md#requests) | [row-1](COMPATIBILITY.md#requests) |

### s: alone

| case | Kafka Connect | Sluice |
| --- | --- | --- |
| alone | same | same |
`);
});

test('what was not run, was skipped or failed is a gap', () => {
  expect(gapsOf([suite], wellOf([suite]))).toEqual([]);
  const outcomes: Record<string, Outcome> = { connect: 'skipped', sluice: 'failed' };
  const results = wellOf([suite])
    .filter(({ title, target }) => title !== 'alone' || target !== 'sluice')
    .map((result) =>
      result.title === 'names: a|b'
        ? { ...result, outcome: outcomes[result.target] ?? 'passed' }
        : result,
    );
  expect(gapsOf([suite], results)).toEqual([
    'skipped on connect: s: names: a|b',
    'failed on sluice: s: names: a|b',
    'not run on sluice: s: alone',
  ]);
});
