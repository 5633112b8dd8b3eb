/** A definition as text to take away: JSON, YAML, cURL, command line. Pure. */
import { connectorUrl } from '../api/client.ts';
import type { Config } from './config-diff.ts';
import { shellQuoted } from './shell.ts';

export interface Definition {
  readonly name: string;
  readonly config: Config;
}

export const textKinds = ['JSON', 'YAML', 'cURL', 'CLI'] as const;
export type TextKind = (typeof textKinds)[number];

export function definitionText(
  kind: TextKind,
  definition: Definition,
  { origin }: { readonly origin: string },
): string {
  switch (kind) {
    case 'YAML':
      return toYaml(definition);
    case 'cURL':
      return toCurl(definition, origin);
    case 'CLI':
      return toCli(definition);
    default:
      return toJson(definition);
  }
}

function toJson(definition: Definition): string {
  return JSON.stringify(definition, null, 2);
}

/** Every value in quotes: JSON's texts are YAML's, and no number or `no` becomes something else. */
function toYaml({ name, config }: Definition): string {
  const lines = Object.entries(config).map(
    ([key, value]) => `  ${quotedKey(key)}: ${JSON.stringify(value)}`,
  );
  return [`name: ${JSON.stringify(name)}`, 'config:', ...lines].join('\n');
}

function quotedKey(key: string): string {
  return /^[A-Za-z][\w.-]*$/.test(key) ? key : JSON.stringify(key);
}

function toCurl({ name, config }: Definition, origin: string): string {
  const url = `${origin}${connectorUrl(name, '/config')}`;
  const body = JSON.stringify(config, null, 2);
  return `curl -X PUT ${shellQuoted(url)} \\\n  -H 'content-type: application/json' \\\n  -d ${shellQuoted(body)}`;
}

function toCli(definition: Definition): string {
  return `sluice apply -f - <<'END'\n${toYaml(definition)}\nEND`;
}
