/** What clients of the REST API see, and what becomes of connectors when they use it. */
import type { Suite } from '../case.ts';
import { blockedCases } from './blocked.ts';
import { definitionRefusalCases } from './definition-refusals.ts';
import { definitionCases } from './definitions.ts';
import { httpCases } from './http.ts';
import { loggerCases } from './loggers.ts';
import { offsetRefusalCases } from './offset-refusals.ts';
import { outageCases } from './outages.ts';
import { overrideCases } from './overrides.ts';
import { pluginCases } from './plugins.ts';
import { restartCases } from './restarts.ts';
import { sinkOffsetCases } from './sink-offsets.ts';
import { sourceOffsetCases } from './source-offsets.ts';
import { stateCases } from './states.ts';
import { taskCountCases } from './task-counts.ts';
import { topicCases } from './topics.ts';
import { urlCases } from './urls.ts';
import { validationCases } from './validation.ts';
import { validationErrorCases } from './validation-errors.ts';
import { workerCases } from './workers.ts';

export const api: Suite = {
  name: 'api',
  cases: [
    ...httpCases,
    ...urlCases,
    ...definitionCases,
    ...definitionRefusalCases,
    ...restartCases,
    ...stateCases,
    ...taskCountCases,
    ...sourceOffsetCases,
    ...sinkOffsetCases,
    ...offsetRefusalCases,
    ...topicCases,
    ...loggerCases,
    ...pluginCases,
    ...validationCases,
    ...validationErrorCases,
    ...overrideCases,
    ...blockedCases,
    ...workerCases,
    ...outageCases,
  ],
};
