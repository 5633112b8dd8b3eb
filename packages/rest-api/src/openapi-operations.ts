/** What each operation is for and takes, by method and url. A test compares it with what is served. */
import { z } from 'zod';

import {
  alterOffsetsSchema,
  applySchema,
  configPatchSchema,
  configSchema,
  createConnectorSchema,
  eventsQuerySchema,
  loggerLevelSchema,
  previewQuerySchema,
  previewSchema,
  tasksQuerySchema,
} from './schemas.ts';

export interface Operation {
  readonly summary: string;
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
  'GET /': { summary: 'Version, commit and cluster' },
  'GET /health': { summary: 'Whether this process lives, and what it lacks to be ready' },
  'GET /health/live': { summary: 'Whether this process lives' },
  'GET /health/ready': { summary: 'Whether this process is ready; 503 if not' },
  'GET /openapi.json': { summary: 'This description' },
  'GET /connectors': {
    summary: 'Names of all connectors, or their status and definitions',
    query: expandQuery,
  },
  'POST /connectors': {
    summary: 'Create a connector',
    body: createConnectorSchema,
    status: 201,
  },
  'GET /connectors/:name': { summary: 'Definition and tasks of a connector' },
  'DELETE /connectors/:name': { summary: 'Delete a connector', status: 204 },
  'GET /connectors/:name/config': { summary: 'Configuration of a connector' },
  'PUT /connectors/:name/config': {
    summary: 'Create a connector, or replace its configuration',
    body: configSchema,
  },
  'PATCH /connectors/:name/config': {
    summary: 'Change some keys of a configuration',
    body: configPatchSchema,
  },
  'GET /connectors/:name/status': { summary: 'States of a connector and its tasks' },
  'GET /connectors/:name/tasks': { summary: 'Tasks of a connector and their configurations' },
  'GET /connectors/:name/tasks/:task/status': { summary: 'State of a task' },
  'POST /connectors/:name/tasks/:task/restart': { summary: 'Restart a task', status: 204 },
  'POST /connectors/:name/restart': {
    summary: 'Restart a connector, and its tasks: then 202 with their states',
    query: restartQuery,
    status: 204,
  },
  'PUT /connectors/:name/pause': { summary: 'Pause a connector', status: 202 },
  'PUT /connectors/:name/resume': { summary: 'Resume a connector', status: 202 },
  'PUT /connectors/:name/stop': { summary: 'Stop a connector and give up its tasks', status: 204 },
  'GET /connectors/:name/offsets': { summary: 'Offsets of a connector' },
  'PATCH /connectors/:name/offsets': {
    summary: 'Alter offsets of a connector that is stopped',
    body: alterOffsetsSchema,
  },
  'DELETE /connectors/:name/offsets': { summary: 'Reset offsets of a connector that is stopped' },
  'GET /connectors/:name/topics': { summary: 'Topics that a connector used' },
  'PUT /connectors/:name/topics/reset': {
    summary: 'Forget the topics that a connector used',
    status: 202,
  },
  'GET /connector-plugins': {
    summary: 'What a definition may name',
    query: z.object({ connectorsOnly: flag }),
  },
  'GET /connector-plugins/:plugin/config': {
    summary: 'Keys of a plugin, of its newest version or one in a range',
    query: z.object({ version: z.string().optional() }),
  },
  'PUT /connector-plugins/:plugin/config/validate': {
    summary: 'What is wrong with a configuration',
    body: configSchema,
  },
  'GET /admin/loggers': { summary: 'Loggers and their levels' },
  'GET /admin/loggers/:logger': { summary: 'Level of a logger' },
  'PUT /admin/loggers/:logger': {
    summary: 'Set the level of a logger; of the whole cluster: 204',
    body: loggerLevelSchema,
    query: scopeQuery,
  },
  'POST /sluice/preview': {
    summary: 'What a source would write, step by step, without writing it',
    body: previewSchema,
    query: previewQuerySchema.extend({ fromOffsets: flag }),
  },
  'GET /sluice/workers': { summary: 'Members of the cluster and what they run' },
  'POST /sluice/workers/:name/drain': { summary: 'Move all work off a worker', status: 202 },
  'GET /sluice/leader': { summary: 'Which coordinator leads' },
  'GET /sluice/tasks': {
    summary: 'Where everything runs, and why there',
    query: tasksQuerySchema,
  },
  'GET /sluice/events': { summary: 'What happened, newest first', query: eventsQuerySchema },
  'PUT /sluice/apply': {
    summary: 'Apply many definitions, all or none; or tell what that would do',
    body: applySchema,
    query: z.object({ dryRun: flag }),
  },
};
