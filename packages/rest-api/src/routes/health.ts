/**
 * Alive and ready are two things: without Redis this process is alive (restarting it would not help) but
 * not ready. `/health` is Kafka Connect's, with the checks as a new key.
 */
import { type Clock, toError } from '@sluice/kernel';
import type { FastifyInstance } from 'fastify';

import { within } from '../cluster-access.ts';
import { resource } from '../resource.ts';

/** Each resolves if what it is named after works. */
export type HealthChecks = Readonly<Record<string, () => Promise<void>>>;

interface CheckResult {
  readonly ok: boolean;
  readonly error?: string;
}

const checkMs = 1_000;

export interface HealthOptions {
  readonly checks: HealthChecks;
  /** Shown by `/health` besides, under keys of their own. */
  readonly details: () => Readonly<Record<string, unknown>>;
  readonly clock: Clock;
}

export function registerHealth(
  app: FastifyInstance,
  { checks, details, clock }: HealthOptions,
): void {
  resource(app, '/health', {
    GET: async () => {
      const results = await runChecks(checks, clock);
      const failing = failingNames(results);
      const ready = failing.length === 0;
      const message = ready
        ? 'Worker has completed startup and is ready to handle requests.'
        : `Alive, but not ready: ${failing.join(', ')} failing`;
      return { ...details(), status: 'healthy', message, ready, checks: results };
    },
  });
  resource(app, '/health/live', { GET: async () => ({ status: 'alive' }) });
  resource(app, '/health/ready', {
    GET: async (_request, reply) => {
      const failing = failingNames(await runChecks(checks, clock));
      if (failing.length === 0) return { status: 'ready' };
      return reply.status(503).send({ status: 'not ready', failing });
    },
  });
}

async function runChecks(
  checks: HealthChecks,
  clock: Clock,
): Promise<Readonly<Record<string, CheckResult>>> {
  const results = await Promise.all(
    Object.entries(checks).map(
      async ([name, check]) => [name, await runCheck(check, clock)] as const,
    ),
  );
  return Object.fromEntries(results);
}

async function runCheck(check: () => Promise<void>, clock: Clock): Promise<CheckResult> {
  try {
    await within(check(), checkMs, clock);
    return { ok: true };
  } catch (error) {
    return { ok: false, error: toError(error).message };
  }
}

function failingNames(results: Readonly<Record<string, CheckResult>>): string[] {
  return Object.entries(results).flatMap(([name, { ok }]) => (ok ? [] : [name]));
}
