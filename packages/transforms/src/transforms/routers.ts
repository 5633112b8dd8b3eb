/** Kafka Connect's RegexRouter and TimestampRouter: another topic for the record. */
import { DataError, defineConfig, string, type TransformPlugin } from '@sluice/connector-api';
import { JavaRegex } from '@sluice/connector-api/java-regex';
import { toError } from '@sluice/kernel';
import { invalidValue } from '../config-keys.ts';
import { JavaDateFormat } from '../java-dates/java-date-format.ts';
import { transformPlugin } from '../part-plugin.ts';
import { perRecord, withTopic } from '../records.ts';

export const regexRouter: TransformPlugin = transformPlugin(
  'org.apache.kafka.connect.transforms.RegexRouter',
  defineConfig({
    regex: string()
      .importance('high')
      .doc('A Java regular expression. Topics that it matches as a whole get another name.'),
    replacement: string()
      .importance('high')
      .doc('The new name; $1 and ${name} stand for groups of the regular expression.'),
  }),
  (config) => {
    const regex = javaRegex('regex', config.regex);
    const rename = orInvalid('replacement', config.replacement, 'Invalid replacement', () =>
      regex.replacer(config.replacement),
    );
    return perRecord((record) =>
      regex.matches(record.topic) ? withTopic(record, rename(record.topic)) : record,
    );
  },
);

export const timestampRouter: TransformPlugin = transformPlugin(
  'org.apache.kafka.connect.transforms.TimestampRouter',
  defineConfig({
    'topic.format': string()
      .default('${topic}-${timestamp}')
      .importance('high')
      .doc(
        'The new name; ${topic} stands for the old one and ${timestamp} for the formatted timestamp.',
      ),
    'timestamp.format': string()
      .default('yyyyMMdd')
      .importance('high')
      .doc('A pattern of java.text.SimpleDateFormat, in UTC.'),
  }),
  (config) => {
    const pattern = config['timestamp.format'];
    const format = orInvalid('timestamp.format', pattern, 'Invalid pattern', () => {
      return new JavaDateFormat(pattern);
    });
    return perRecord((record) => {
      if (record.timestampMs === undefined)
        throw new DataError(`Timestamp missing on record of topic ${record.topic}`);
      const timestamp = format.format(record.timestampMs);
      const named = config['topic.format'].replaceAll('${topic}', () => record.topic);
      return withTopic(
        record,
        named.replaceAll('${timestamp}', () => timestamp),
      );
    });
  },
);

/** @throws ConfigError in Kafka Connect's words. */
export function javaRegex(key: string, source: string): JavaRegex {
  return orInvalid(key, source, 'Invalid regex', () => new JavaRegex(source));
}

function orInvalid<Made>(key: string, value: string, problem: string, make: () => Made): Made {
  try {
    return make();
  } catch (error) {
    throw invalidValue(key, value, `${problem}: ${toError(error).message}`);
  }
}
