/** Containers of the images, as a deployment that can be rehearsed. */
import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { spawnNode } from '@sluice/testkit';
import type { AppKind, Deployment } from '../rehearsal/deployment.ts';
import { containerOptions, type Podman } from './podman.ts';

/** Whom the images run as. */
const user = 1000;

export interface Images {
  readonly coordinator: string;
  readonly worker: string;
  readonly cli: string;
}

/** @param healthchecks the commands that the images say. */
export function deploymentOf(
  podman: Podman,
  images: Images,
  healthchecks: Readonly<Record<AppKind, readonly string[]>>,
  scratch: string,
): Deployment {
  const data = join(scratch, 'data');
  mkdirSync(data);
  chmodSync(scratch, 0o755);
  chownSync(data, user, user);
  const run = (
    image: string,
    env: Readonly<Record<string, string>>,
    name: readonly string[] = [],
  ): [string, ...string[]] =>
    podman.command(
      'run',
      ...containerOptions(),
      ...name,
      `--volume=${data}:/data`,
      ...Object.entries(env).map(([key, value]) => `--env=${key}=${value}`),
      image,
    );
  return {
    data: { here: data, there: '/data' },
    start: (app, name, env) =>
      spawnNode(images[app], { name, command: run(images[app], env, [`--name=${name}`]) }),
    sluice: (args, env) =>
      spawnNode(images.cli, {
        name: `sluice ${args.join(' ')}`,
        args,
        command: run(images.cli, env),
      }),
    checkHealth: (app, name) =>
      spawnNode(images[app], {
        name: `health check of ${name}`,
        command: podman.command('exec', name, ...healthchecks[app]),
      }),
  };
}

/** What a coordinator says that has no password, as the image alone has none. */
export async function refusalOf(podman: Podman, image: string): Promise<string> {
  const { code, output } = await podman.try(['run', ...containerOptions(), image]);
  return code === 0 ? '' : output;
}
