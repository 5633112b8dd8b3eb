import { spawn } from 'node:child_process';
import { guardedCommand } from '@sluice/testkit';

export interface ForegroundEnd {
  readonly code: number;
  /** How it ended, in words. */
  readonly reason: string;
}

/**
 * Runs a process on this one's terminal until it ends or the limit is over. Signals that this process
 * gets are handed on, and its end waited for; when this process is killed, it is killed too.
 */
export async function spawnForeground(
  command: string,
  args: readonly string[],
  options: { readonly env: NodeJS.ProcessEnv; readonly timeoutMs: number },
): Promise<ForegroundEnd> {
  return await new Promise((resolve) => {
    const child = spawn(...guardedCommand(command, args), {
      stdio: 'inherit',
      env: options.env,
      timeout: options.timeoutMs,
      killSignal: 'SIGKILL',
    });
    const forward = (signal: NodeJS.Signals): void => {
      child.kill(signal);
    };
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
    for (const signal of signals) process.on(signal, forward);
    const finish = (end: ForegroundEnd): void => {
      for (const signal of signals) process.off(signal, forward);
      resolve(end);
    };
    child.once('error', (error) => finish({ code: -1, reason: error.message }));
    child.once('exit', (code, signal) => {
      finish({
        code: code ?? -1,
        reason: signal === null ? `exit code ${code}` : `ended by ${signal}`,
      });
    });
  });
}
