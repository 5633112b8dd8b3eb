/** Asks the processes of a cluster over HTTP: as whom, and trusting whom, the environment says. */
import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { toError } from '@sluice/kernel';

import { CliError, exitCodes } from './exit-codes.ts';
import type { Io } from './io.ts';

export interface ProcessAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface ProcessRequests {
  /** @throws whatever keeps an answer from coming. */
  get(address: string, path: string, limits: { readonly ms: number }): Promise<ProcessAnswer>;
}

export const processRequestsHelp = `
Workers that ask who it is: SLUICE_TOKEN, or SLUICE_USER and SLUICE_PASSWORD. Workers with TLS: SLUICE_CA_FILE names the
certificate of their authority.`;

const answerBytesMax = 64 * 1024 * 1024;

/** @throws CliError about settings that do not fit. */
export function processRequests({ env }: Pick<Io, 'env'>): ProcessRequests {
  const headers = authorization(env);
  const authority = authorityOf(env);
  return {
    get: async (address, path, { ms }) => {
      const options = { headers, signal: AbortSignal.timeout(ms), agent: false } as const;
      const sent =
        authority === undefined
          ? requestHttp(`http://${address}${path}`, options)
          : requestHttps(`https://${address}${path}`, { ...options, ca: authority });
      return await new Promise<ProcessAnswer>((resolve, reject) => {
        sent.once('error', reject);
        sent.once('response', (response) => {
          const chunks: Buffer[] = [];
          let bytes = 0;
          response.on('data', (chunk: Buffer) => {
            bytes += chunk.length;
            if (bytes > answerBytesMax) sent.destroy(new Error('the answer is too large'));
            else chunks.push(chunk);
          });
          response.once('error', reject);
          response.once('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              text: Buffer.concat(chunks).toString('utf8'),
            }),
          );
        });
        sent.end();
      });
    },
  };
}

function authorization(env: Io['env']): { authorization?: string } {
  const token = env['SLUICE_TOKEN']?.trim();
  if (token) return { authorization: `Bearer ${token}` };
  const { SLUICE_USER: user, SLUICE_PASSWORD: password } = env;
  if (!user && !password) return {};
  if (!user || !password) {
    throw new CliError(exitCodes.usage, 'SLUICE_USER and SLUICE_PASSWORD go together: set both');
  }
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}

function authorityOf(env: Io['env']): string | undefined {
  const path = env['SLUICE_CA_FILE']?.trim();
  if (!path) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new CliError(
      exitCodes.usage,
      `cannot read SLUICE_CA_FILE=${path}: ${toError(error).message}`,
    );
  }
}
