import { defineSink, string } from '@sluice/connector-api';

export default defineSink({
  name: 'console',
  version: '1.0.0',
  config: { prefix: string().default('') },
  put(records, { config }) {
    for (const { topic, key, value } of records)
      console.log(config.prefix + JSON.stringify({ topic, key, value }));
  },
});
