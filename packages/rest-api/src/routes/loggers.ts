/** `/admin/loggers`: levels of loggers, of the process that answers or of the whole cluster. */
import { type Clock, type LevelSetting, type LogLevels, parseLogLevel } from '@sluice/kernel';
import type { FastifyInstance } from 'fastify';

import { ApiError } from '../api-error.ts';
import type { ClusterAccess } from '../cluster-access.ts';
import { parameter, queryValues, resource } from '../resource.ts';
import { loggerLevelSchema } from '../schemas.ts';
import { validated } from '../validation.ts';

export function registerLoggers(
  app: FastifyInstance,
  cluster: ClusterAccess,
  { levels, clock }: { levels: LogLevels; clock: Clock },
): void {
  resource(app, '/admin/loggers', {
    GET: async () =>
      Object.fromEntries(Array.from(levels.all(), ([name, each]) => [name, levelBody(each)])),
  });

  resource(app, '/admin/loggers/:logger', {
    GET: async (request) => {
      const name = parameter(request, 'logger');
      const setting = levels.get(name);
      if (!setting) throw new ApiError(404, `Logger ${name} not found.`);
      return levelBody(setting);
    },
    PUT: async (request, reply) => {
      const name = parameter(request, 'logger');
      const { level: text } = validated(loggerLevelSchema, request.body ?? {}, 'logger level');
      if (typeof text !== 'string') {
        throw new ApiError(400, "Desired 'level' parameter was not specified in request.");
      }
      const level = parseLogLevel(text);
      if (!level) throw new ApiError(404, `invalid log level '${text}'.`);
      // Any other scope is that of a worker, as in Kafka Connect.
      if (queryValues(request, 'scope').at(-1)?.toLowerCase() !== 'cluster') {
        return levels.set(name, level, Math.round(clock.wallMs()));
      }
      await cluster.setLoggerLevel(name.toLowerCase() === 'root' ? 'root' : name, level);
      return reply.status(204).send();
    },
  });
}

function levelBody({ level, lastModifiedMs }: LevelSetting): object {
  return { level, last_modified: lastModifiedMs };
}
