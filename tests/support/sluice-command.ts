/** The command `sluice`, run as a process of its own against a cluster. */
import { type Cluster, spawnNode } from '@sluice/testkit';

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export async function sluice(
  cluster: Pick<Cluster, 'name' | 'redisUrl'>,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<CommandResult> {
  await using command = spawnNode('apps/cli/src/main.ts', {
    name: `sluice ${args.join(' ')}`,
    args,
    env: {
      REDIS_URL: cluster.redisUrl,
      SLUICE_CLUSTER: cluster.name,
      SLUICE_PROFILE: 'fast',
      NO_COLOR: '1',
      ...env,
    },
  });
  const { code } = await command.exited;
  return { code, stdout: command.stdout, stderr: command.stderr };
}
