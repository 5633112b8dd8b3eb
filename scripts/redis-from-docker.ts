/**
 * Redis from Docker, behind a script that is called as `redis-server` is: same arguments, SIGTERM ends it
 * in order, and when the script is killed the container goes as well, since its input ends with it.
 * The port is published on 127.0.0.1 only, and the folder after `--dir` is the same inside.
 */
import { chmodSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findOnPath, redisCacheFolder } from '@sluice/testkit';
import { type Note, step } from './progress.ts';
import type { RedisSource } from './redis.ts';
import { runCommand } from './run-command.ts';

const image = 'redis:7.4';

export async function wrapDocker(tell: Note): Promise<RedisSource> {
  if (findOnPath('docker') === undefined) return { kind: 'not-here', reason: 'there is no Docker' };
  const info = await runCommand('docker', ['info'], { timeoutMs: 15_000 });
  if (info.code !== 0) {
    return { kind: 'not-here', reason: 'Docker is installed, but its daemon does not answer' };
  }
  const present = await runCommand('docker', ['image', 'inspect', image]);
  if (present.code !== 0) {
    const pulled = await step(
      `docker pull ${image}`,
      async () => await runCommand('docker', ['pull', '-q', image]),
      tell,
    );
    if (pulled.code !== 0) {
      return { kind: 'not-here', reason: `docker pull ${image} failed: ${pulled.output.trim()}` };
    }
  }
  return { kind: 'found', binary: writeWrapper() };
}

function writeWrapper(): string {
  const folder = redisCacheFolder();
  mkdirSync(folder, { recursive: true });
  const wrapper = join(folder, 'redis-server-in-docker');
  const temporary = `${wrapper}-${process.pid}`;
  writeFileSync(temporary, wrapperScript);
  chmodSync(temporary, 0o755);
  renameSync(temporary, wrapper);
  return wrapper;
}

/**
 * Inside the container a shell waits for its input to end, then kills the server. The last options win
 * in redis-server, so that `--bind` can be widened to what Docker forwards to.
 */
const wrapperScript = `#!/bin/sh
port=6379 dir=
previous=
for argument in "$@"; do
  case "$previous" in --port|--tls-port) port=$argument ;; --dir) dir=$argument ;; esac
  previous=$argument
done
case "$1" in --version) exec docker run --rm ${image} redis-server --version ;; esac
exec docker run --rm -i -p "127.0.0.1:$port:$port" \${dir:+-v "$dir:$dir"} --user "$(id -u):$(id -g)" \\
  --entrypoint sh ${image} -c '
    redis-server "$@" --bind 0.0.0.0 --protected-mode no </dev/null & server=$!
    trap "kill -TERM $server" TERM INT
    # Without a job of its own a shell gives its background jobs an empty input.
    exec 3<&0
    (cat <&3 >/dev/null; kill -KILL $server) & watch=$!
    wait $server; status=$?
    # A trapped signal ends the wait before the server has ended.
    wait $server 2>/dev/null; kill $watch 2>/dev/null
    exit $status
  ' redis-server "$@"
`;
