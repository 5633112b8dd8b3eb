/**
 * `GET /sluice/live`: what happens, as it happens, over server-sent events (live/live-view.ts). A stream ends when the
 * caller may not ask for it any more, when nobody reads it, when the server stops, and after some hours: whoever still
 * looks asks again.
 */
import { anybody } from '@sluice/access';
import type { Clock, Timer } from '@sluice/kernel';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { callerOf, mayStill } from '../caller.ts';
import type { LiveFeed } from '../live/live-feed.ts';
import { LiveStream } from '../live/live-stream.ts';
import { resource } from '../resource.ts';

export interface LiveOptions {
  readonly feed: LiveFeed;
  /** How long a stream lasts; default six hours. */
  readonly lastsMs?: number;
}

const lastsMsDefault = 6 * 3_600_000;
/** Whoever loses a role sees no more than this long what it was for. */
const lookAtCallerMs = 5_000;
/** A line that takes nothing for a minute is held by nobody, and its place is wanted. */
const blockedLooksMax = 12;

export function registerSluiceLive(
  app: FastifyInstance,
  { feed, lastsMs = lastsMsDefault }: LiveOptions,
  clock: Clock,
): void {
  const open = new Set<LiveStream>();
  // Before connections are closed, which waits for answers that have not ended.
  app.addHook('preClose', async () => {
    for (const stream of open) stream.end();
  });

  resource(app, '/sluice/live', {
    GET: async (request, reply) => {
      eventStreamHeaders(reply);
      if (request.method === 'HEAD') return reply.send('');
      const caller = knownName(request);
      await feed.ready(caller);
      const stream = new LiveStream();
      const leave = feed.add(stream, caller);
      open.add(stream);
      const watch = watchCaller(request, stream, clock);
      const reader = watchReader(stream, clock, () => reply.raw.destroy());
      const expiry = clock.after(lastsMs, () => stream.end());
      stream.once('close', () => {
        leave();
        open.delete(stream);
        watch.cancel();
        reader.cancel();
        expiry.cancel();
      });
      return reply.send(stream);
    },
  });
}

/** Undefined where nobody is asked who they are: all would be one. */
function knownName(request: FastifyRequest): string | undefined {
  const caller = callerOf(request);
  return caller === anybody ? undefined : caller?.name;
}

function eventStreamHeaders(reply: FastifyReply): void {
  reply.header('content-type', 'text/event-stream; charset=utf-8');
  reply.header('cache-control', 'no-store');
  // Proxies of nginx's kind would keep it until there is more.
  reply.header('x-accel-buffering', 'no');
}

function watchCaller(request: FastifyRequest, stream: LiveStream, clock: Clock): Timer {
  let timer: Timer;
  let isOver = false;
  const look = async (): Promise<void> => {
    // What cannot be asked now says nothing of the caller.
    const may = await mayStill(request).catch(() => true);
    if (isOver) return;
    if (may) timer = clock.after(lookAtCallerMs, () => void look());
    else stream.end();
  };
  timer = clock.after(lookAtCallerMs, () => void look());
  return {
    cancel: () => {
      isOver = true;
      timer.cancel();
    },
  };
}

/** Something is sent every second to a line that takes it. */
function watchReader(stream: LiveStream, clock: Clock, cut: () => void): Timer {
  let timer: Timer;
  let sent = 0;
  let blocked = 0;
  const look = (): void => {
    blocked = stream.takesMore || stream.sent !== sent ? 0 : blocked + 1;
    sent = stream.sent;
    if (blocked >= blockedLooksMax) cut();
    else timer = clock.after(lookAtCallerMs, look);
  };
  timer = clock.after(lookAtCallerMs, look);
  return { cancel: () => timer.cancel() };
}
