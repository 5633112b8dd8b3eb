import { silentLogger } from '@sluice/kernel';
import { type ApiOptions, buildApi } from '@sluice/rest-api';
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
