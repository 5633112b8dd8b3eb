import { boolean, defineSink } from '@sluice/connector-api';

export default defineSink({
  name: 'console',
  version: '1.0.0',
  config: { pretty: boolean().default(false) },
  put(records, { config }) {
    for (const { topic, key, value } of records)
      console.log(JSON.stringify({ topic, key, value }, null, config.pretty ? 2 : 0));
  },
});
