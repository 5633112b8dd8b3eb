/**
 * Keeps who asked for a change, what became of it, and never what the change says. Only who is known is kept: anybody
 * can send requests that are refused with 401, and would push out what matters.
 */
import type { AuditEntry, AuditTrail } from '@sluice/coordination';
import { type Logger, toError } from '@sluice/kernel';
import type { FastifyInstance, FastifyRequest } from 'fastify';

import { callerOf } from './caller.ts';
import { operations } from './openapi-operations.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the audit trail calls it; none: it changes nothing. */
    action?: string;
  }
}

const pending = new WeakSet<FastifyRequest>();
const dryRuns = new WeakSet<FastifyRequest>();

/** What was asked for is stored, and will be done when it can. */
export function notePending(request: FastifyRequest): void {
  pending.add(request);
}

/** Only what carries it out knows that it changes nothing: a flag that it does not read says nothing. */
export function noteDryRun(request: FastifyRequest): void {
  dryRuns.add(request);
}

const answered = new WeakSet<FastifyRequest>();

export function auditChanges(app: FastifyInstance, trail: AuditTrail, logger: Logger): void {
  const keep = async (entry: AuditEntry): Promise<void> => {
    try {
      await trail.append(entry);
    } catch (error) {
      logger.warn({ ...entry, error: toError(error).message }, 'not kept in the audit trail');
    }
  };
  // Once the answer is known, and not once it was sent: who hangs up before has changed something all the same.
  app.addHook('onSend', async (request, reply, payload) => {
    // An answer that cannot be sent is followed by one that says so.
    const entry = answered.has(request) ? undefined : auditEntry(request, reply.statusCode);
    answered.add(request);
    // Not waited for: a trail that hangs keeps nobody from their answer.
    if (entry) void keep(entry);
    return payload;
  });
}

function auditEntry(request: FastifyRequest, status: number): AuditEntry | undefined {
  const { action, url } = request.routeOptions.config;
  const caller = callerOf(request);
  if (request.is404 || action === undefined || !caller || dryRuns.has(request)) return undefined;
  return {
    who: caller.name,
    by: caller.by,
    role: caller.role,
    from: request.ip,
    action,
    targets: targetsOf(request),
    detail: detailOf(request, operations[`${request.method} ${url}`]?.query?.shape ?? {}),
    outcome: pending.has(request)
      ? 'pending'
      : status < 400
        ? 'done'
        : status < 500
          ? 'refused'
          : 'failed',
    status,
  };
}

/** Of the path, else of the body, which may be anything. */
function targetsOf({ params, body, routeOptions }: FastifyRequest): string[] {
  const inPath = Object.values((params ?? {}) as Record<string, string>);
  if (inPath.length > 0) return [inPath.join('/')];
  const queue = field(body, 'topic');
  if (routeOptions.config.action === 'replay' && typeof queue === 'string') return [queue];
  const definitions = Array.isArray(body) ? body : field(body, 'definitions');
  const all: unknown[] = Array.isArray(definitions) ? definitions : [body];
  return all
    .map((each) => field(each, 'name') ?? field(field(each, 'config'), 'name'))
    .flatMap((name) => (typeof name === 'string' ? [name.trim()] : []));
}

/** Longer ones are no flags. */
const flagCharactersMax = 20;

/** Flags that the operation knows, and the level of a logger; nothing else of what was sent. */
function detailOf({ query, body, routeOptions }: FastifyRequest, flags: object): string | null {
  const level = routeOptions.config.action === 'set-level' ? field(body, 'level') : undefined;
  const noted = [
    ...Object.keys(flags).map((name) => [name, field(query, name)]),
    ['level', level],
  ].flatMap(([name, value]) =>
    typeof value === 'string' && value.length <= flagCharactersMax
      ? [`${String(name)}=${value}`]
      : [],
  );
  return noted.length > 0 ? noted.join(' ') : null;
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (Reflect.get(value, name) as unknown)
    : undefined;
}
