import { enableCompileCache } from 'node:module';

// Before anything is imported: it makes the start of each command after the first a good deal shorter.
enableCompileCache();
const [{ runCli }, { processIo }] = await Promise.all([import('./run-cli.ts'), import('./io.ts')]);

process.exitCode = await runCli(process.argv.slice(2), { io: processIo() });
