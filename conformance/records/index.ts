/** What becomes of records: from a source into a topic, and from a topic into a sink. */
import type { Suite } from '../case.ts';
import { converterCases } from './converters.ts';
import { deadLetterCases } from './dead-letters.ts';
import { definitionCases } from './definitions.ts';
import { deliveryCases } from './delivery.ts';
import { errorCases } from './errors.ts';
import { exactnessCases } from './exactness.ts';
import { headerCases } from './headers.ts';
import { produceCases } from './produce.ts';
import { retryCases } from './retries.ts';
import { transformSuite } from './transforms.ts';

export const records: Suite = {
  name: 'records',
  cases: [
    ...converterCases,
    ...headerCases,
    ...transformSuite,
    ...deliveryCases,
    ...errorCases,
    ...produceCases,
    ...retryCases,
    ...deadLetterCases,
    ...exactnessCases,
    ...definitionCases,
  ],
};
