/** What every source has to do, whatever happens: see the guide "write a connector". */
import { describeSource } from '@sluice/connector-testkit';
import plugin from '../src/index.js';
import { startServer } from './server.js';

describeSource(plugin, {
  setup: async () => {
    const server = await startServer();
    return {
      config: { url: server.url, topic: 'items', 'page.size': '10', 'poll.interval.ms': '5' },
      produce: async (count) => server.add(count).map(String),
      identify: ({ key }) => String(key),
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
  invalid: [{ config: { url: 'somewhere' }, names: 'url' }],
});
