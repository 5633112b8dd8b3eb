/**
 * A sink that appends values to a file, and refuses for good any batch that holds a number which leaves 7 when divided
 * by 70: before it writes anything of it.
 */
import { appendFileSync } from 'node:fs';
import { ConnectError, defineSink, string } from '@sluice/connector-api';

export default defineSink({
  name: 'PickySink',
  version: '1.0.0',
  config: { file: string() },
  put(records, { config }) {
    const bad = records.find(({ value }) => Number(value) % 70 === 7);
    if (bad) throw new ConnectError(`${String(bad.value)} violates a constraint`);
    if (records.length > 0)
      appendFileSync(config.file, records.map(({ value }) => `${String(value)}\n`).join(''));
  },
});
