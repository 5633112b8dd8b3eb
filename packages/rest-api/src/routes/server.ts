import type { FastifyInstance } from 'fastify';

import { resource } from '../resource.ts';

export interface ServerInfo {
  /** Numeric: clients of Kafka Connect compare it. */
  readonly version: string;
  readonly commit: string;
  readonly clusterId: string;
}

export function registerServer(app: FastifyInstance, info: ServerInfo): void {
  const body = {
    version: info.version,
    commit: info.commit,
    kafka_cluster_id: info.clusterId,
  };
  resource(app, '/', { GET: async () => body });
}
