/**
 * `npm run dev -w @sluice/dashboard`: the app from its sources, on the coordinator that SLUICE_URL names (default: the
 * one of this machine), or with `-- --demo` on a cluster that does not exist. Ends with Ctrl-C.
 */
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { createServer } from 'vite';
import { startDemo } from './server.ts';

const { values } = parseArgs({
  options: {
    demo: { type: 'boolean', default: false },
    tasks: { type: 'string', default: '1000' },
    role: { type: 'string', default: 'admin' },
    port: { type: 'string', default: '5173' },
  },
});

if (values.demo) {
  const role = (['viewer', 'operator', 'admin'] as const).find((each) => each === values.role);
  const demo = startDemo({ tasks: Number(values.tasks), role: role ?? 'admin' });
  await new Promise<void>((resolve) => demo.listen(0, '127.0.0.1', resolve));
  const { port } = demo.address() as AddressInfo;
  process.env['SLUICE_URL'] = `http://127.0.0.1:${port}`;
}
const server = await createServer({
  root: new URL('..', import.meta.url).pathname,
  server: { host: '127.0.0.1', port: Number(values.port) },
});
await server.listen();
server.printUrls();
