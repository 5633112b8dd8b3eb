/** Turns what a zod schema has against a request into one clear line. */
import type { z } from 'zod';

import { ApiError } from './api-error.ts';

const issuesMax = 10;

/** @throws ApiError 400 that names each place and what is wrong there, never the value. */
export function validated<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  what: string,
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${pathText(path)}: ${message}`,
  );
  const shown = issues.slice(0, issuesMax).join('; ');
  const more = issues.length > issuesMax ? `; and ${issues.length - issuesMax} more` : '';
  throw new ApiError(400, `Invalid ${what}: ${shown}${more}`);
}

function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((step, index) =>
      typeof step === 'number' ? `[${step}]` : `${index === 0 ? '' : '.'}${String(step)}`,
    )
    .join('');
}
