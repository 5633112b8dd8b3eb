/** Checks a whole definition from plain data: framework keys, plugin keys, and what holds between keys. */
import { parseConfigValue, validateConfig } from './config-def.ts';
import { hasReference } from './config-references.ts';
import { SINK_CONNECTOR_KEYS, SOURCE_CONNECTOR_KEYS } from './connector-keys.ts';
import { SLUICE_SINK_ERROR_KEYS, SLUICE_SOURCE_ERROR_KEYS } from './error-handling-keys.ts';
import type { ConfigProblem } from './errors.ts';
import { SINK_BOUND_KEYS, SOURCE_BOUND_KEYS } from './override-keys.ts';
import { RESTART_KEYS } from './restart-keys.ts';
import type { ConnectorConfig } from './task.ts';
import { TopicPattern } from './topic-pattern.ts';

/** Checked where they are set, but not in the lists of keys that clients of Kafka Connect see. */
const unlistedSourceKeys = [...SLUICE_SOURCE_ERROR_KEYS, ...SOURCE_BOUND_KEYS, ...RESTART_KEYS];
const unlistedSinkKeys = [...SLUICE_SINK_ERROR_KEYS, ...SINK_BOUND_KEYS, ...RESTART_KEYS];

/**
 * Every problem of a connector's configuration. `pluginKeys` are the keys that the plugin announced;
 * a plugin's own definition of a framework key wins.
 */
export function validateConnectorConfig(
  type: 'source' | 'sink',
  pluginKeys: Parameters<typeof validateConfig>[0],
  config: ConnectorConfig,
): ConfigProblem[] {
  const own = new Set(pluginKeys.map((key) => key.name));
  const framework = type === 'source' ? SOURCE_CONNECTOR_KEYS : SINK_CONNECTOR_KEYS;
  return [
    ...validateConfig(pluginKeys, config),
    ...validateConfig(
      framework.filter((key) => !own.has(key.name)),
      config,
    ),
    ...validateConfig(
      (type === 'source' ? unlistedSourceKeys : unlistedSinkKeys).filter(
        (key) => !own.has(key.name),
      ),
      config,
    ),
    ...nameProblems(config),
    ...aliasProblems(type, config),
    ...(type === 'sink' ? [...topicProblems(config), ...putProblems(config)] : []),
  ];
}

function nameProblems(config: ConnectorConfig): ConfigProblem[] {
  const name = config['name'] ?? '';
  const controls = Array.from(name, (character) => character.codePointAt(0) ?? 0).filter(
    (code) => code < 0x20 || (code >= 0x7f && code < 0xa0),
  );
  if (controls.length === 0) return [];
  return [
    {
      key: 'name',
      message: `Invalid value ${name} for configuration name: String may not contain control sequences but had the following ASCII chars: ${controls.join(', ')}`,
    },
  ];
}

function aliasProblems(type: 'source' | 'sink', config: ConnectorConfig): ConfigProblem[] {
  const lists = [
    'transforms',
    'predicates',
    ...(type === 'source' ? ['topic.creation.groups'] : []),
  ];
  return lists.flatMap((key) => {
    const aliases = listOf(config[key]);
    if (new Set(aliases).size === aliases.length) return [];
    const message = `Invalid value [${aliases.join(', ')}] for configuration ${key}: Duplicate alias provided.`;
    return [{ key, message }];
  });
}

function topicProblems(config: ConnectorConfig): ConfigProblem[] {
  const topics = listOf(config['topics']).filter((topic) => topic !== '');
  const regex = (config['topics.regex'] ?? '').trim();
  const hasTopics = (config['topics'] ?? '').trim() !== '';
  if (hasTopics && regex !== '')
    return onBothTopicKeys(
      'topics and topics.regex are mutually exclusive options, but both are set.',
    );
  if (!hasTopics && regex === '')
    return onBothTopicKeys('Must configure one of topics or topics.regex');

  const listed = hasTopics ? listOf(config['topics']) : [];
  const wrong =
    new Set(listed).size < listed.length ? 'duplicated' : listed.includes('') ? 'empty' : undefined;
  if (wrong !== undefined)
    return [{ key: 'topics', message: `Configuration 'topics' values must not be ${wrong}.` }];

  const deadLetters = (config['errors.deadletterqueue.topic.name'] ?? '').trim();
  if (deadLetters !== '' && topics.includes(deadLetters)) {
    const message = `The DLQ topic '${deadLetters}' may not be included in the list of topics ('topics=[${topics.join(', ')}]') consumed by the connector`;
    return [{ key: 'topics', message }];
  }
  if (regex === '' || hasReference(regex)) return [];
  let pattern: TopicPattern;
  try {
    pattern = new TopicPattern(regex);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    const message = `Invalid value ${regex} for configuration topics.regex: Invalid regex: ${problem}`;
    return [{ key: 'topics.regex', message }];
  }
  if (deadLetters !== '' && pattern.matches(deadLetters)) {
    const message = `The DLQ topic '${deadLetters}' may not be matched by the regex for the topics ('topics.regex=${regex}') consumed by the connector`;
    return [{ key: 'topics.regex', message }];
  }
  return [];
}

function putProblems(config: ConnectorConfig): ConfigProblem[] {
  const key = 'errors.deadletterqueue.put.enable';
  const isSearched = (config[key] ?? '').trim().toLowerCase() === 'true';
  if (!isSearched) return [];
  const problem = (message: string): ConfigProblem => ({
    key,
    message: `Invalid value true for configuration ${key}: ${message}`,
  });
  const topic = (config['errors.deadletterqueue.topic.name'] ?? '').trim();
  return [
    ...((config['errors.tolerance'] ?? '').trim() === 'all' ||
    hasReference(config['errors.tolerance'] ?? '')
      ? []
      : [problem('It needs errors.tolerance=all')]),
    ...(topic === ''
      ? [
          problem(
            'It needs errors.deadletterqueue.topic.name, else what put refuses would be lost without a letter',
          ),
        ]
      : []),
  ];
}

/** Kafka Connect reports a problem between two keys on both of them. */
function onBothTopicKeys(message: string): ConfigProblem[] {
  return [
    { key: 'topics', message },
    { key: 'topics.regex', message },
  ];
}

function listOf(text: string | undefined): readonly string[] {
  const parsed = parseConfigValue('LIST', text ?? '');
  return 'value' in parsed && Array.isArray(parsed.value) ? parsed.value : [];
}
