/**
 * `npm run goldens`: asks Kafka Connect's own converters all that the goldens of `packages/converters` ask,
 * and writes the answers down. Needs Kafka's jars (`npm test` gets them) and a JDK. For a new Kafka Connect,
 * or for new cases; an answer that has changed is a change of Kafka Connect.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kafkaVersions, repositoryRoot } from '@sluice/testkit';
import { type GoldenCase, goldenCases } from '../packages/converters/test/oracle/golden-cases.ts';
import {
  type Answer,
  askKafkaConnect,
  type Request,
} from '../packages/converters/test/oracle/oracle.ts';

const answers = await askKafkaConnect(goldenCases.map(({ request }) => request));

/** What it has written, it reads again. */
function readBack({ request }: GoldenCase, answer: Answer | undefined): Request | undefined {
  if (request.op !== 'write' || answer === undefined || !('bytes' in answer)) return undefined;
  const { schema: _schema, value: _value, ...rest } = request;
  return { ...rest, op: 'read', bytes: answer.bytes };
}

const asked = goldenCases.map((golden, index) => readBack(golden, answers[index]));
const readAnswers = await askKafkaConnect(asked.filter((request) => request !== undefined));

let next = 0;
const lines = goldenCases.map(({ title, request }, index) =>
  JSON.stringify({
    title,
    request,
    answer: answers[index],
    ...(asked[index] === undefined ? {} : { read: readAnswers[next++] }),
  }),
);
const file = join(
  repositoryRoot,
  `packages/converters/test/goldens/kafka-connect-${kafkaVersions.current}.jsonl`,
);
writeFileSync(file, `${lines.join('\n')}\n`);
console.log(`${String(lines.length)} answers of Kafka Connect ${kafkaVersions.current} in ${file}`);
