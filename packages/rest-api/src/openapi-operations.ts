/**
 * What each operation is for, who may ask for it, and what it takes, by method and url. A test compares it with what is
 * served.
 */
import { z } from 'zod';

import type { RouteRole } from './caller.ts';
import {
  alterOffsetsSchema,
  applySchema,
  auditQuerySchema,
  configPatchSchema,
  configSchema,
  createConnectorSchema,
  deadLettersQuerySchema,
  eventsQuerySchema,
  lagQuerySchema,
  loggerLevelSchema,
  logsQuerySchema,
  planSchema,
  previewQuerySchema,
  previewSchema,
  recordsQuerySchema,
  replaySchema,
  signInSchema,
  tasksQuerySchema,
} from './schemas.ts';

export interface Operation {
  readonly summary: string;
  /**
   * viewer: what reads. operator: what changes where and whether things run, and can be taken back by the same means.
   * admin: what changes what runs and from where it goes on, what runs code with a configuration that was sent, and what
   * tells who did what.
   */
  readonly role: RouteRole;
  /** What the audit trail calls it. None for what changes nothing. */
  readonly action?: string;
  readonly body?: z.ZodType;
  readonly query?: z.ZodObject;
  /** Of success; default 200. */
  readonly status?: number;
}

const flag = z.boolean().optional();
const restartQuery = z.object({ includeTasks: flag, onlyFailed: flag });
const expandQuery = z.object({ expand: z.array(z.enum(['status', 'info'])).optional() });
const scopeQuery = z.object({ scope: z.enum(['worker', 'cluster']).optional() });

export const operations: Readonly<Record<string, Operation | undefined>> = {
  'GET /': { role: 'viewer', summary: 'Version, commit and cluster' },
  'GET /health': {
    role: 'viewer',
    summary: 'Whether this process lives, and what it lacks to be ready',
  },
  'GET /health/live': { role: 'open', summary: 'Whether this process lives' },
  'GET /health/ready': { role: 'open', summary: 'Whether this process is ready; 503 if not' },
  'GET /openapi.json': { role: 'viewer', summary: 'This description' },
  'GET /connectors': {
    role: 'viewer',
    summary: 'Names of all connectors, or their status and definitions',
    query: expandQuery,
  },
  'POST /connectors': {
    role: 'admin',
    action: 'create',
    summary: 'Create a connector',
    body: createConnectorSchema,
    status: 201,
  },
  'GET /connectors/:name': { role: 'viewer', summary: 'Definition and tasks of a connector' },
  'DELETE /connectors/:name': {
    role: 'admin',
    action: 'delete',
    summary: 'Delete a connector',
    status: 204,
  },
  'GET /connectors/:name/config': { role: 'viewer', summary: 'Configuration of a connector' },
  'PUT /connectors/:name/config': {
    role: 'admin',
    action: 'configure',
    summary: 'Create a connector, or replace its configuration',
    body: configSchema,
  },
  'PATCH /connectors/:name/config': {
    role: 'admin',
    action: 'patch',
    summary: 'Change some keys of a configuration',
    body: configPatchSchema,
  },
  'GET /connectors/:name/status': {
    role: 'viewer',
    summary: 'States of a connector and its tasks',
  },
  'GET /connectors/:name/tasks': {
    role: 'viewer',
    summary: 'Tasks of a connector and their configurations',
  },
  'GET /connectors/:name/tasks/:task/status': { role: 'viewer', summary: 'State of a task' },
  'POST /connectors/:name/tasks/:task/restart': {
    role: 'operator',
    action: 'restart-task',
    summary: 'Restart a task',
    status: 204,
  },
  'POST /connectors/:name/restart': {
    role: 'operator',
    action: 'restart',
    summary: 'Restart a connector, and its tasks: then 202 with their states',
    query: restartQuery,
    status: 204,
  },
  'PUT /connectors/:name/pause': {
    role: 'operator',
    action: 'pause',
    summary: 'Pause a connector',
    status: 202,
  },
  'PUT /connectors/:name/resume': {
    role: 'operator',
    action: 'resume',
    summary: 'Resume a connector',
    status: 202,
  },
  'PUT /connectors/:name/stop': {
    role: 'operator',
    action: 'stop',
    summary: 'Stop a connector and give up its tasks',
    status: 204,
  },
  'GET /connectors/:name/offsets': { role: 'viewer', summary: 'Offsets of a connector' },
  'PATCH /connectors/:name/offsets': {
    role: 'admin',
    action: 'alter-offsets',
    summary: 'Alter offsets of a connector that is stopped',
    body: alterOffsetsSchema,
  },
  'DELETE /connectors/:name/offsets': {
    role: 'admin',
    action: 'reset-offsets',
    summary: 'Reset offsets of a connector that is stopped',
  },
  'GET /connectors/:name/topics': { role: 'viewer', summary: 'Topics that a connector used' },
  'PUT /connectors/:name/topics/reset': {
    role: 'operator',
    action: 'reset-topics',
    summary: 'Forget the topics that a connector used',
    status: 202,
  },
  'GET /connector-plugins': {
    role: 'viewer',
    summary: 'What a definition may name',
    query: z.object({ connectorsOnly: flag }),
  },
  'GET /connector-plugins/:plugin/config': {
    role: 'viewer',
    summary: 'Keys of a plugin, of its newest version or one in a range',
    query: z.object({ version: z.string().optional() }),
  },
  'PUT /connector-plugins/:plugin/config/validate': {
    role: 'admin',
    summary: 'What is wrong with a configuration',
    body: configSchema,
  },
  'GET /admin/loggers': { role: 'viewer', summary: 'Loggers and their levels' },
  'GET /admin/loggers/:logger': { role: 'viewer', summary: 'Level of a logger' },
  'PUT /admin/loggers/:logger': {
    role: 'admin',
    action: 'set-level',
    summary: 'Set the level of a logger; of the whole cluster: 204',
    body: loggerLevelSchema,
    query: scopeQuery,
  },
  'POST /sluice/preview': {
    role: 'admin',
    action: 'preview',
    summary: 'What a source would write, step by step, without writing it',
    body: previewSchema,
    query: previewQuerySchema.extend({ fromOffsets: flag }),
  },
  'GET /sluice/workers': { role: 'viewer', summary: 'Members of the cluster and what they run' },
  'POST /sluice/workers/:name/drain': {
    role: 'operator',
    action: 'drain',
    summary: 'Move all work off a worker',
    status: 202,
  },
  'PUT /sluice/workers/:name/cordon': {
    role: 'operator',
    action: 'cordon',
    summary: 'Let a worker keep what it runs, and give it nothing new',
    status: 202,
  },
  'PUT /sluice/workers/:name/uncordon': {
    role: 'operator',
    action: 'uncordon',
    summary: 'Let a cordoned worker take part again',
    status: 202,
  },
  'GET /sluice/leader': {
    role: 'viewer',
    summary: 'Which coordinator leads, and what its lease is',
  },
  'GET /sluice/tasks': {
    role: 'viewer',
    summary: 'Where everything runs, and why there',
    query: tasksQuerySchema,
  },
  'GET /sluice/events': {
    role: 'viewer',
    summary: 'What happened, newest first; step by step to units that the query names',
    query: eventsQuerySchema,
  },
  'GET /sluice/dead-letters': {
    role: 'viewer',
    summary: 'Dead letter queues of connectors, or the newest letters of one',
    query: deadLettersQuerySchema,
  },
  'POST /sluice/dead-letters/replay': {
    role: 'operator',
    action: 'replay',
    summary: 'Write letters back to where they are from',
    body: replaySchema,
  },
  'GET /sluice/records': {
    role: 'viewer',
    summary: 'Records of a topic of a connector, as its converters read them, newest first',
    query: recordsQuerySchema,
  },
  'GET /sluice/lag': {
    role: 'viewer',
    summary: 'How far each partition of a sink is behind, the furthest first',
    query: lagQuerySchema,
  },
  'GET /sluice/errors': {
    role: 'viewer',
    summary: 'What has failed, put together by what went wrong',
  },
  'GET /sluice/logs': {
    role: 'viewer',
    summary: 'The last lines of connectors, tasks and workers, newest first',
    query: logsQuerySchema,
  },
  'POST /sluice/plan': {
    role: 'viewer',
    summary: 'What a rerun of the assignment would move, also if workers came or went',
    body: planSchema,
  },
  'GET /sluice/live': {
    role: 'viewer',
    summary: 'What happens, as it happens: server-sent events `view`, `change`, `tick` and `stale`',
  },
  'GET /sluice/session': { role: 'viewer', summary: 'Who asks, and what they may do' },
  'POST /sluice/session': {
    role: 'open',
    action: 'sign-in',
    summary: 'Sign in with a browser, which gets a cookie',
    body: signInSchema,
  },
  'DELETE /sluice/session': {
    role: 'open',
    action: 'sign-out',
    summary: 'Sign out',
    status: 204,
  },
  'GET /sluice/audit': {
    role: 'admin',
    summary: 'Who changed what, newest first',
    query: auditQuerySchema,
  },
  'PUT /sluice/apply': {
    role: 'admin',
    action: 'apply',
    summary: 'Apply many definitions, all or none; or tell what that would do',
    body: applySchema,
    query: z.object({ dryRun: flag }),
  },
};
