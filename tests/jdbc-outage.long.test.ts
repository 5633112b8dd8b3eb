/** The network to both databases is away for 30 s: refused, or silent. Everything goes on by itself. */
import { type Cluster, startCluster, startMariadb, startPostgres, TcpProxy } from '@sluice/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { showLogsOnFailure } from './support/cluster-facts.ts';
import { JdbcCopy } from './support/jdbc-copy.ts';

const outageMs = 30_000;

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster({ workers: 2 });
});
afterAll(async () => {
  await cluster.stop();
});
beforeEach(() => showLogsOnFailure(cluster));

test.each(['refused', 'silent'] as const)(
  'a network that is %s for 30 s costs nothing',
  {
    timeout: 150_000,
  },
  async (kind) => {
    await using postgres = await startPostgres();
    await using mariadb = await startMariadb();
    await using toPostgres = await TcpProxy.start(postgres.port);
    await using toMariadb = await TcpProxy.start(mariadb.port);
    const proxies = [toPostgres, toMariadb];
    const copy = await JdbcCopy.start(
      {
        cluster,
        source: postgres,
        target: mariadb,
        sourcePort: toPostgres.port,
        targetPort: toMariadb.port,
      },
      `outage-${kind}`,
      { 'retry.backoff.ms': '3000' },
    );
    await copy.change(1, 1);
    await copy.untilEqual();
    for (const proxy of proxies) {
      if (kind === 'silent') {
        proxy.disturb({ stalled: 'both' });
      } else {
        proxy.refuseConnections();
        proxy.dropConnections();
      }
    }
    await copy.change(2, 2);
    await new Promise((resolve) => setTimeout(resolve, outageMs));
    for (const proxy of proxies) {
      if (kind === 'silent') proxy.disturb({});
      else await proxy.acceptConnections();
    }
    await copy.change(3, 3);
    await copy.untilEqual(60_000);
    const history = await copy.history();
    expect(history.every(({ count, different }) => count === different)).toBe(true);
    for (const connector of ['source', 'rows', 'history'])
      await cluster.waitForRunning(`outage-${kind}-${connector}`);
  },
);
