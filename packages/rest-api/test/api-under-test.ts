import { silentLogger, systemClock } from '@sluice/kernel';
import { type ApiOptions, buildApi, LiveFeed } from '@sluice/rest-api';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';

import { FakeAudit } from './fake-audit.ts';
import { FakeCluster } from './fake-cluster.ts';
import { FakeOffsets } from './fake-offsets.ts';

export interface ApiUnderTest {
  readonly cluster: FakeCluster;
  readonly offsets: FakeOffsets;
  readonly api: FastifyInstance;
  readonly audit: FakeAudit;
  /** `GET /connectors`, with a body as JSON. */
  readonly call: (
    request: string,
    body?: unknown,
    options?: InjectOptions,
  ) => Promise<LightMyRequestResponse>;
}

export const liveNames = { cluster: 'test-cluster', version: '4.1.0' };

export function apiUnderTest(options: Partial<ApiOptions> = {}): ApiUnderTest {
  const cluster = new FakeCluster();
  const offsets = new FakeOffsets();
  const audit = new FakeAudit();
  const api = buildApi({
    client: cluster,
    info: { version: '4.1.0', commit: 'abc123', clusterId: 'test-cluster' },
    logger: silentLogger,
    offsets,
    audit,
    live: {
      feed: new LiveFeed({ client: cluster, clock: systemClock, names: liveNames }),
      // An answer that does not end is none for who waits for all of it.
      lastsMs: 1,
    },
    ...options,
  });
  return {
    cluster,
    offsets,
    api,
    audit,
    call: (request, body, more = {}) => {
      const [method, url] = request.split(' ', 2) as [NonNullable<InjectOptions['method']>, string];
      const payload = body === undefined ? {} : { payload: body as object };
      return api.inject({ method, url, ...payload, ...more });
    },
  };
}
