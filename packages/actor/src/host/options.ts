import { availableParallelism } from 'node:os';
import { SluiceError } from '@sluice/kernel';
import { defaultRestartPolicy, type RestartPolicy } from '../supervisor.ts';
import type { ActorHostOptions } from '../types.ts';

/**
 * Where V8 keeps what is new, half of its own size: what lives for one batch fills it and dies there in either, and a
 * capture of a database takes a third less memory, for no more CPU time.
 */
export const semiSpaceMb = 8;

export interface CompiledActorHostOptions {
  readonly entry: URL;
  readonly executorData: unknown;
  readonly sharedExecutors: number;
  readonly heapLimitMb: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly externalLimitMb: number;
  readonly blockedAfterMs: number;
  readonly stopGraceMs: number;
  readonly killMarginMs: number;
  readonly restart: RestartPolicy;
  readonly offencesBeforeDedicated: number;
  readonly refence: ActorHostOptions['refence'];
}

/** @throws SluiceError `config.invalid` */
export function compileActorHostOptions(options: ActorHostOptions): CompiledActorHostOptions {
  const heapLimitMb = options.heapLimitMb ?? 512;
  const compiled: CompiledActorHostOptions = {
    entry: options.entry,
    executorData: options.executorData,
    sharedExecutors: options.sharedExecutors ?? availableParallelism(),
    heapLimitMb,
    environment: options.environment ?? process.env,
    externalLimitMb: options.externalLimitMb ?? heapLimitMb,
    blockedAfterMs: options.blockedAfterMs ?? 1_000,
    stopGraceMs: options.stopGraceMs ?? 5_000,
    killMarginMs: options.killMarginMs ?? 500,
    restart: options.restart ?? defaultRestartPolicy,
    offencesBeforeDedicated: options.offencesBeforeDedicated ?? 2,
    refence: options.refence,
  };
  for (const [name, value] of Object.entries(compiled)) {
    if (typeof value !== 'number') continue;
    const least = name === 'stopGraceMs' || name === 'killMarginMs' ? 0 : 1;
    if (!Number.isFinite(value) || value < least) {
      throw new SluiceError('config.invalid', `${name} must be a number of at least ${least}`, {
        details: { name, value },
      });
    }
  }
  return Object.freeze(compiled);
}
