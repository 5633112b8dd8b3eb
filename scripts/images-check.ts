/**
 * `npm run images:check`: builds the images of deploy/Dockerfile with Podman, looks into them, and rehearses a
 * cluster of their containers.
 */
import { rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { SluiceError, systemClock } from '@sluice/kernel';
import { makeOwnedFolder, repositoryRoot } from '@sluice/testkit';
import { checkMain } from './check-main.ts';
import { type Checklist, megabytes } from './checklist.ts';
import { makeBaseImage, writeNpmSettings } from './images/base-image.ts';
import { deploymentOf, type Images, refusalOf } from './images/containers.ts';
import { type ImageFacts, inspectImage } from './images/inspect-image.ts';
import { firstThatRuns, obtainTools, type Podman } from './images/podman.ts';
import { note } from './progress.ts';
import { rehearseOnServers } from './rehearsal/on-servers.ts';

const usage = `usage: npm run images:check [-- OPTION…]

Builds the images of coordinator, worker and command line, looks at what is in them, starts containers of them on a
Redis of its own, runs a pipeline, and ends them by SIGTERM while lines go through. Needs root on Debian or Ubuntu;
podman, runc and debootstrap are installed if they are missing. Without a registry of images: the base is made of
Debian's packages. Images stay in ~/.cache/sluice/images, so that the next time is quicker.

  --base IMAGE   another base, which podman pulls: node:24-bookworm-slim, say
  --kafka        the rehearsal once more with the records on a Kafka of its own
  --json         the figures of all steps on stdout
  --help

Exit codes: 0 all is well, 1 a step failed, 2 wrong option, 3 it cannot be done on this machine, and why.
`;

const apps = ['coordinator', 'worker', 'cli'] as const;

process.exit(
  await checkMain({
    name: 'images:check',
    usage,
    takes: ['base'],
    check: async (checklist, { kafka, values }) => {
      const scratch = makeOwnedFolder('images');
      try {
        await check(checklist, scratch, values['base'], kafka);
      } finally {
        rmSync(scratch, { recursive: true, force: true });
      }
    },
  }),
);

async function check(
  checklist: Checklist,
  scratch: string,
  base: string | undefined,
  withKafka: boolean,
): Promise<void> {
  await obtainTools(note);
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const { podman, image } = await checklist.step('base', async () => {
    const found = await firstThatRuns(
      join(cache, 'sluice', 'images'),
      async (each) => base ?? (await makeBaseImage(each, scratch)),
    );
    const bytes = Number(
      await found.podman.run(['image', 'inspect', '--format', '{{.Size}}', found.image]),
    );
    return {
      says: `${found.image}, ${megabytes(bytes)}; containers of it run`,
      figures: { baseBytes: bytes },
      value: found,
    };
  });
  const settings = join(scratch, 'npmrc');
  await writeNpmSettings(settings);
  const images: Record<string, string> = {};
  const facts: Record<string, ImageFacts> = {};
  for (const app of apps) {
    images[app] = `localhost/sluice-${app}:check`;
    await buildImage(checklist, podman, app, [
      `--build-arg=NODE_IMAGE=${image}`,
      `--secret=id=npmrc,src=${settings}`,
      `--file=${join(repositoryRoot, 'deploy', 'Dockerfile')}`,
      `--target=${app}`,
      repositoryRoot,
    ]);
    facts[app] = await lookInto(checklist, podman, app);
  }
  await refuse(checklist, podman);
  const healthchecks = {
    coordinator: facts['coordinator']?.healthcheck ?? [],
    worker: facts['worker']?.healthcheck ?? [],
  };
  const deployment = deploymentOf(podman, images as unknown as Images, healthchecks, scratch);
  try {
    await rehearseOnServers(deployment, checklist, withKafka);
  } finally {
    await podman.try(['rm', '--all', '--force', '--time', '0']);
  }
}

async function buildImage(
  checklist: Checklist,
  podman: Podman,
  app: string,
  args: readonly string[],
): Promise<void> {
  await checklist.step(`build ${app}`, async () => {
    const startedAtMs = systemClock.monotonicMs();
    const output = await podman.build(`localhost/sluice-${app}:check`, args);
    const cached = output.match(/Using cache/g)?.length ?? 0;
    return {
      says: cached > 0 ? `built, ${cached} layers from the cache` : 'built, nothing from the cache',
      figures: { buildMs: Math.round(systemClock.monotonicMs() - startedAtMs), cached },
      value: undefined,
    };
  });
}

async function lookInto(checklist: Checklist, podman: Podman, app: string): Promise<ImageFacts> {
  return await checklist.step(`look into ${app}`, async () => {
    const facts = await inspectImage(podman, app, `localhost/sluice-${app}:check`);
    const { bytes, appBytes, packages } = facts;
    return {
      says:
        `${megabytes(bytes)}, of which ${megabytes(appBytes)} are /app with ${packages} packages in the ` +
        "lock file's versions; no sources, tests, compiler; not root; nothing in it can be written",
      figures: { bytes, appBytes, packages },
      value: facts,
    };
  });
}

async function refuse(checklist: Checklist, podman: Podman): Promise<void> {
  await checklist.step('no password', async () => {
    const said = await refusalOf(podman, 'localhost/sluice-coordinator:check');
    if (!said.includes('refused to listen on 0.0.0.0 without authentication')) {
      throw new SluiceError('images.open', `a coordinator without a password says: ${said}`);
    }
    return { says: 'a coordinator without one refuses to start', value: undefined };
  });
}
