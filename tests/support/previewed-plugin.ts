/** Notes its process in a file, and then yields nothing, or blocks its thread for good. */
import { writeFileSync } from 'node:fs';

import { defineSource, oneOf, string } from '@sluice/connector-api';

export default defineSource({
  name: 'PreviewedSource',
  version: '1.0.0',
  config: {
    'pid.file': string().doc('Where the process is noted.'),
    mode: oneOf('idle', 'block', 'print').default('idle').doc('What it does then.'),
  },
  async *run({ config, signal }) {
    writeFileSync(config['pid.file'], String(process.pid));
    if (config.mode === 'block') for (;;);
    if (config.mode === 'print') {
      console.log(Object.keys(process.env).join(' '));
      process.exit(3);
    }
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    yield* [];
  },
});
