/** `npm run sim -- --scale`. */
import { type ScaleOptions, type ScalePhase, simulateScale } from './simulate-scale.ts';

/** Resolves with the exit code: 1 if an invariant was violated. */
export async function runScale({
  json,
  ...options
}: Omit<ScaleOptions, 'progress'> & { readonly json: boolean }): Promise<number> {
  const result = await simulateScale({
    ...options,
    progress: (text) => process.stderr.write(`${text}\n`),
  });
  const { violation } = result;
  if (json) {
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  } else {
    const { workers, tasks, phases } = result;
    process.stdout.write(`${workers} workers, ${tasks} tasks, seed ${options.seed}\n\n`);
    for (const phase of phases) process.stdout.write(phaseText(phase));
    const verdict = violation
      ? `${violation.invariant} violated: ${violation.message}`
      : 'no invariant was violated';
    process.stdout.write(`\n${verdict}\n`);
  }
  return violation ? 1 : 0;
}

function phaseText(phase: ScalePhase): string {
  const { name, virtualMs, cpuMs, heapMb, planCpuMs, scripts, scriptsPerSecond } = phase;
  const counts = Object.entries(scripts)
    .toSorted(([, a], [, b]) => b - a)
    .map(([script, count]) => `${script} ${count}`)
    .join(', ');
  return [
    `${name}: ${(virtualMs / 1_000).toFixed(1)} virtual s, ${scriptsPerSecond.toFixed(0)} scripts/s`,
    `  CPU ${(cpuMs / 1_000).toFixed(1)} s, a plan ${planCpuMs.toFixed(0)} ms, heap ${heapMb.toFixed(0)} MB`,
    `  ${counts}`,
    '',
  ].join('\n');
}
