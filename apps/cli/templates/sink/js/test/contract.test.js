/** What every sink has to do, whatever happens: see the guide "write a connector". */
import { describeSink } from '@sluice/connector-testkit';
import plugin from '../src/index.js';
import { startServer } from './server.js';

describeSink(plugin, {
  setup: async () => {
    const server = await startServer();
    return {
      config: { url: server.url },
      arrived: async () => server.items().map(({ value }) => JSON.stringify(value)),
      fail: {
        begin: () => {
          server.isAway = true;
        },
        end: () => {
          server.isAway = false;
        },
      },
      stall: {
        begin: () => {
          server.isSilent = true;
        },
        end: () => {
          server.isSilent = false;
        },
      },
      close: () => server.close(),
    };
  },
  record: (n) => ({ key: String(n), value: JSON.stringify({ n }), id: JSON.stringify({ n }) }),
  invalid: [{ config: { url: 'somewhere' }, names: 'url' }],
});
