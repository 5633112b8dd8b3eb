/** The settings that say who this client is. No message contains a password, a secret or a token. */
import type { SettingsReader } from '@sluice/kernel';

import { fileProblem } from './file-problem.ts';

export type KafkaSaslSettings =
  | {
      readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
      readonly username: string;
      readonly password: string;
    }
  | { readonly mechanism: 'OAUTHBEARER'; readonly source: TokenSource };

export type TokenSource =
  /** The client-credentials grant of OAuth 2. */
  | {
      readonly kind: 'endpoint';
      readonly url: string;
      readonly clientId: string;
      readonly clientSecret: string;
      readonly scope?: string;
    }
  | { readonly kind: 'file'; readonly path: string };

const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] as const;
const userNames = ['KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD'] as const;
const oauth = 'KAFKA_SASL_OAUTHBEARER_';
const endpointNames = [
  `${oauth}TOKEN_ENDPOINT_URL`,
  `${oauth}CLIENT_ID`,
  `${oauth}CLIENT_SECRET`,
] as const;
const fileName = `${oauth}TOKEN_FILE`;

export function readSasl(reader: SettingsReader, protocol: string): KafkaSaslSettings | undefined {
  const isWanted = protocol.startsWith('SASL_');
  const given = reader.optional('KAFKA_SASL_MECHANISM');
  if (given === undefined && isWanted) {
    reader.problem(
      `KAFKA_SECURITY_PROTOCOL is ${protocol}, but KAFKA_SASL_MECHANISM is not set: set it to one of ${mechanisms.join(', ')}`,
    );
    return undefined;
  }
  if (given === undefined) {
    const names = [...userNames, ...endpointNames, fileName].filter(
      (name) => reader.optional(name) !== undefined,
    );
    if (names.length > 0) {
      reader.problem(
        `${names.join(', ')} would not be used: set KAFKA_SASL_MECHANISM and KAFKA_SECURITY_PROTOCOL=SASL_SSL, too`,
      );
    }
    return undefined;
  }
  const mechanism = reader.oneOf('KAFKA_SASL_MECHANISM', mechanisms, 'PLAIN');
  if (!isWanted) {
    reader.problem(
      `KAFKA_SASL_MECHANISM is set, but KAFKA_SECURITY_PROTOCOL is ${protocol}, which has no users: set it to SASL_SSL (or SASL_PLAINTEXT, which does not encrypt)`,
    );
  }
  // Of a mechanism that there is not, nothing more can be said.
  if (mechanism !== given) return undefined;
  if (mechanism === 'OAUTHBEARER') {
    const source = readTokenSource(reader);
    return source && { mechanism, source };
  }
  const [username, password] = all(reader, userNames, `KAFKA_SASL_MECHANISM is ${mechanism}`);
  if (username === undefined || password === undefined) return undefined;
  return { mechanism, username, password };
}

function readTokenSource(reader: SettingsReader): TokenSource | undefined {
  const path = reader.optional(fileName);
  const named = endpointNames.filter((name) => reader.optional(name) !== undefined);
  if (path !== undefined) {
    if (named.length > 0) {
      reader.problem(
        `${fileName} and ${named.join(', ')} are set: a token comes from a file or from an endpoint, so remove one`,
      );
    }
    const problem = fileProblem(path);
    if (problem !== undefined) {
      reader.problem(`${fileName}=${path} ${problem}: name the file that holds the token`);
    }
    return { kind: 'file', path };
  }
  if (named.length === 0) {
    reader.problem(
      `KAFKA_SASL_MECHANISM is OAUTHBEARER, but there is no token: set ${endpointNames.join(', ')}, or ${fileName}`,
    );
    return undefined;
  }
  const [url, clientId, clientSecret] = all(reader, endpointNames, `${named[0]} is set`);
  if (url !== undefined && !isEndpoint(url)) {
    reader.problem(
      `${oauth}TOKEN_ENDPOINT_URL must be a URL with https:// or http://, without user and password`,
    );
    return undefined;
  }
  if (url === undefined || clientId === undefined || clientSecret === undefined) return undefined;
  const scope = reader.optional(`${oauth}SCOPE`);
  return {
    kind: 'endpoint',
    url,
    clientId,
    clientSecret,
    ...(scope === undefined ? {} : { scope }),
  };
}

function isEndpoint(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.username + url.password === '';
}

/** The values; those that are missing become one problem, which begins with why they are needed. */
function all(
  reader: SettingsReader,
  names: readonly string[],
  why: string,
): readonly (string | undefined)[] {
  const values = names.map((name) => reader.optional(name));
  const missing = names.filter((_, index) => values[index] === undefined);
  if (missing.length > 0) reader.problem(`${why}, so set ${missing.join(' and ')}, too`);
  return values;
}
