import type { NodeProcess } from '@sluice/testkit';

export type AppKind = 'coordinator' | 'worker';

type Env = Readonly<Record<string, string>>;

/** A way to run the apps: from an installation, from images. What is started is a process here, too. */
export interface Deployment {
  /** The folder for files of connectors: its path for this process, and for the workers. */
  readonly data: { readonly here: string; readonly there: string };
  /** SIGTERM reaches the app, and its exit code is the process's. */
  start(app: AppKind, name: string, env: Env): NodeProcess;
  readonly sluice: (args: readonly string[], env: Env) => NodeProcess;
  /** The health check that the images have, of an app that was started; exit code 0 if it is well. */
  checkHealth(app: AppKind, name: string, env: Env): NodeProcess;
}
