/**
 * Asks the real Kafka Connect what its transforms and predicates do, and writes the answers for the tests:
 *
 *     node --conditions=@sluice/source scripts/kafka-connect-oracle/transform-goldens.ts
 *
 * Needs Kafka's jars, which `npm test` gets, and a JDK. The clock and the language of the JVM are those that the
 * tests assume.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireKafka } from '@sluice/testkit';
import { builtInTransformations } from '@sluice/transforms';
import { transformCases, validationCases } from './transform-cases.ts';

const here = import.meta.dirname;
const target = join(here, '../../packages/transforms/test/golden/kafka-connect.json');

const { classpath, java } = requireKafka();
const folder = mkdtempSync(join(tmpdir(), 'transform-goldens-'));
try {
  const { predicates, transforms } = builtInTransformations;
  const classes = [...transforms, ...predicates]
    .map((plugin) => plugin.class)
    .filter((name) => name.startsWith('org.apache.kafka.'));
  const input = join(folder, 'cases.json');
  writeFileSync(
    input,
    JSON.stringify({ cases: transformCases, classes, validations: validationCases }),
  );
  const { status, stdout: output } = spawnSync(
    java,
    [
      '-XX:TieredStopAtLevel=1',
      '-Duser.timezone=UTC',
      '-Duser.language=en',
      '-Duser.country=US',
      '-Dfile.encoding=UTF-8',
      '-cp',
      classpath,
      join(here, 'TransformOracle.java'),
      input,
    ],
    { encoding: 'utf8', maxBuffer: 256 * 1024 * 1024, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  if (status !== 0) throw new Error(`the oracle ended with status ${String(status)}`);
  const bad = /"badInput"[^\n]*/.exec(output)?.[0];
  if (bad !== undefined) throw new Error(`a case is wrong: ${bad}`);
  writeFileSync(target, compact(JSON.parse(output) as Record<string, unknown>));
  process.stdout.write(`${target}: ${String(transformCases.length)} cases\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** One case a line; schemas, which are many times the same, stand once in a list and are referred to by number. */
function compact({ cases, configKeys, validations }: Record<string, unknown>): string {
  const schemas = new Map<string, number>();
  const refer = (name: string, value: unknown): unknown => {
    if (!/^(keySchema|valueSchema|schema)$/.test(name) || typeof value !== 'object') return value;
    const text = JSON.stringify(value);
    if (!schemas.has(text)) schemas.set(text, schemas.size);
    return schemas.get(text);
  };
  const lines = (list: unknown): string =>
    (list as unknown[]).map((one) => JSON.stringify(one, refer)).join(',\n');
  const caseLines = lines(cases);
  return (
    `{"configKeys":${JSON.stringify(configKeys)},\n"validations":[\n${lines(validations)}\n],\n` +
    `"cases":[\n${caseLines}\n],\n"schemas":[\n${[...schemas.keys()].join(',\n')}\n]}\n`
  );
}
