/** What deploy/ says has to agree with the apps: names, ports, settings, limits. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import * as coordinator from '../../apps/coordinator/src/settings.ts';
import * as worker from '../../apps/worker/src/settings.ts';

const apps = ['coordinator', 'worker', 'cli'];
/** After draining a worker takes so long at the most; its main.ts says so. */
const stopMarginMs = 10_000;

interface Stage {
  readonly name: string;
  readonly from: string;
  /** Instructions with their arguments, comments and line ends taken out. */
  readonly lines: readonly string[];
}

interface Service {
  readonly image: string;
  readonly build?: { context: string; dockerfile: string; target: string };
  readonly environment?: Record<string, string | number>;
  readonly hostname?: string;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Record<string, { condition: string }>;
  readonly stop_grace_period?: string;
  readonly healthcheck?: object;
}

const composeText = read('deploy/compose.yaml');
const compose = parse(composeText, { merge: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
};
const stages = readStages(read('deploy/Dockerfile'));

function read(file: string): string {
  return readFileSync(join(repositoryRoot, file), 'utf8');
}

function readStages(text: string): Stage[] {
  const instructions = text
    .replaceAll(/^\s*#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const found: { name: string; from: string; lines: string[] }[] = [];
  for (const line of instructions) {
    const [, from, name] = /^FROM (\S+) AS (\S+)$/.exec(line) ?? [];
    if (from !== undefined && name !== undefined) found.push({ name, from, lines: [] });
    else found.at(-1)?.lines.push(line);
  }
  return found;
}

function stageOf(name: string): Stage {
  const stage = stages.find((each) => each.name === name);
  if (stage === undefined) throw new Error(`deploy/Dockerfile has no stage ${name}`);
  return stage;
}

function only(stage: Stage, instruction: string): string {
  const found = stage.lines.filter((line) => line.startsWith(`${instruction} `));
  expect(found, `${instruction} of ${stage.name}`).toHaveLength(1);
  return found[0]?.slice(instruction.length + 1) ?? '';
}

/** Services that are built from this repository, by the app that they run. */
function servicesOf(target: string): [string, Service][] {
  return Object.entries(compose.services).filter(([, { build }]) => build?.target === target);
}

test('each stage of the Dockerfile begins from the base, or from a stage above it', () => {
  const above = new Set<string>(['${NODE_IMAGE}']);
  for (const { name, from, lines } of stages) {
    expect(above, name).toContain(from);
    for (const line of lines) {
      const [, source] = /^COPY --from=(\S+)/.exec(line) ?? [];
      if (source !== undefined) expect(above, `${name}: ${line}`).toContain(source);
    }
    above.add(name);
  }
});

test.each(apps)('the image of the %s starts what its package names, and not as root', (app) => {
  const { bin, name } = JSON.parse(read(`apps/${app}/package.json`)) as {
    name: string;
    bin: Record<string, string>;
  };
  const [file = ''] = Object.values(bin);
  const stage = stageOf(app);
  expect(JSON.parse(only(stage, 'ENTRYPOINT'))).toEqual([
    'node',
    join('/app/node_modules', name, file),
  ]);
  // What is in no layer needs no cleaning: nothing is run in an image that is shipped.
  const shipped = [stage, stageOf(stage.from)];
  expect(shipped.flatMap(({ lines }) => lines).filter((line) => line.startsWith('RUN '))).toEqual(
    [],
  );
  expect(only(stageOf(stage.from), 'USER')).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  expect(stageOf('pruned').lines.join('\n')).toContain(` ${name} `);
  expect(stageOf(`${app}-modules`).lines.join('\n')).toContain(`--workspace=${name}`);
});

function coordinatorPort(env: Readonly<Record<string, string>>): number | undefined {
  return coordinator.readSettings(env, { insecure: false }).listeners[0]?.port;
}

test.each([
  ['coordinator', 'SLUICE_PORT', coordinatorPort],
  [
    'worker',
    'SLUICE_WORKER_PORT',
    (env: Readonly<Record<string, string>>) => worker.readSettings(env, { insecure: false }).port,
  ],
] as const)('the image of the %s asks for its health where it listens', (app, variable, portOf) => {
  const stage = stageOf(app);
  const port = String(portOf({}));
  const [, command = '[]'] = /CMD (\[.*\])$/.exec(only(stage, 'HEALTHCHECK')) ?? [];
  expect(JSON.parse(command)).toEqual(['node', '/app/healthcheck.mjs', variable, port]);
  expect(portOf({ [variable]: '4711' })).toBe(4_711);
  expect(only(stage, 'EXPOSE')).toBe(port);
});

test('every COPY from the repository finds its file, also past .dockerignore', () => {
  const kept = read('.dockerignore')
    .split('\n')
    .flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []));
  const files = stages
    .flatMap(({ lines }) => lines)
    .flatMap((line) => /^COPY (?!--from)(\S+) \S+$/.exec(line)?.[1] ?? [])
    .filter((file) => file !== '.');
  expect(files.length).toBeGreaterThan(2);
  for (const file of [...files, ...kept]) expect(existsSync(join(repositoryRoot, file))).toBe(true);
  for (const file of files) expect(kept).toContain(file.split('/')[0]);
});

test('compose.yaml has two coordinators, three workers and a command line, all built here', () => {
  expect(apps.map((app) => servicesOf(app).length)).toEqual([2, 3, 1]);
  for (const { build } of Object.values(compose.services)) {
    if (build === undefined) continue;
    const context = join(repositoryRoot, 'deploy', build.context);
    expect(existsSync(join(context, build.dockerfile))).toBe(true);
    stageOf(build.target);
  }
});

test.each([
  ['coordinator', coordinator],
  ['worker', worker],
  ['cli', worker],
])('every setting that compose.yaml gives to a %s exists, and is accepted', (app, settings) => {
  for (const [name, { environment = {} }] of servicesOf(app)) {
    const given = Object.fromEntries(
      Object.entries(environment).map(([key, value]) => [
        key,
        // As Compose puts it in, once the variable is set.
        String(value).replace(/^\$\{\w+:\?[^}]*\}$/, 'user:password'),
      ]),
    );
    for (const key of Object.keys(given)) {
      expect(settings.settingsHelp, `${key} of ${name}`).toMatch(new RegExp(`\\b${key}\\b`));
    }
    const accepted = settings.readSettings(given, { insecure: false });
    expect(accepted).toMatchObject({ redisUrl: 'redis://redis:6379' });
    expect(JSON.stringify(accepted.log)).toContain('kafka:9092');
  }
});

test('a coordinator of compose.yaml is published on the loopback only, and with a password', () => {
  const port = coordinatorPort({}) ?? 0;
  const published = servicesOf('coordinator').flatMap(([, { ports }]) => ports ?? []);
  expect(published).toEqual([`127.0.0.1:${port}:${port}`, `127.0.0.1:${port + 1}:${port}`]);
  for (const [, { environment }] of servicesOf('coordinator')) {
    expect(environment).toMatchObject({
      SLUICE_AUTH: expect.stringMatching(/^\$\{SLUICE_AUTH:\?/),
    });
    expect(environment).not.toHaveProperty('SLUICE_INSECURE');
  }
  for (const [name, { ports }] of Object.entries(compose.services)) {
    if (!name.startsWith('coordinator-')) expect(ports, name).toBeUndefined();
  }
});

test('a worker of compose.yaml keeps its name, and has the time to drain', () => {
  for (const [name, { environment = {}, hostname, stop_grace_period: grace = '' }] of servicesOf(
    'worker',
  )) {
    expect([environment['SLUICE_WORKER_NAME'], hostname]).toEqual([name, name]);
    const graceMs = Number(/^(\d+)s$/.exec(grace)?.[1]) * 1_000;
    expect(graceMs).toBeGreaterThan(Number(environment['SLUICE_DRAIN_TIMEOUT_MS']) + stopMarginMs);
  }
});

test('what compose.yaml waits for can be healthy, and what it mounts is declared', () => {
  for (const [name, service] of Object.entries(compose.services)) {
    for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
      expect(condition, `${name} → ${other}`).toBe('service_healthy');
      expect(compose.services[other]?.healthcheck, other).toBeDefined();
    }
    for (const volume of service.volumes ?? []) {
      expect(Object.keys(compose.volumes), name).toContain(volume.split(':')[0]);
    }
  }
  expect(compose.services['redis']).toMatchObject({
    command: expect.arrayContaining(['--appendonly', 'yes', '--appendfsync', 'always']),
  });
});

test('.env.example names every variable that compose.yaml asks for, and sets no password', () => {
  const asked = new Set([...composeText.matchAll(/\$\{(\w+)/g)].map(([, name]) => name));
  const example = read('deploy/.env.example').matchAll(/^(\w+)=(.*)$/gm);
  expect([...example].map(([, name, value]) => [name, value])).toEqual(
    [...asked].map((name) => [name, '']),
  );
});
