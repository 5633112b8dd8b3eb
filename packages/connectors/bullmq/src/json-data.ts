/**
 * The value of a record as the data of a job, which is JSON. Bytes are base64, a Decimal is text, a Date ISO 8601; what
 * would come out as something else on the other side is refused.
 */
import { DataError, Decimal } from '@sluice/connector-api';

/** As deep as the JSON converter reads. */
const depthMax = 1_000;

/** @throws DataError that says where and why, without the value. */
export function jsonOf(value: unknown, path = 'value', depth = 0): unknown {
  if (depth > depthMax)
    throw new DataError(`${path.slice(0, 100)}… is nested deeper than ${String(depthMax)} levels`);
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      if (!Number.isFinite(value))
        throw new DataError(`${path} is ${String(value)}, which JSON has not`);
      return value;
    case 'bigint':
      if (!Number.isSafeInteger(Number(value)))
        throw new DataError(
          `${path} is a whole number beyond 2^53, which readers of JSON round: cast it to a string`,
        );
      return Number(value);
    case 'undefined':
      return null;
    case 'object':
      return value === null ? null : jsonOfObject(value, path, depth);
    default:
      throw new DataError(`${path} is a ${typeof value}, which JSON has not`);
  }
}

function jsonOfObject(value: object, path: string, depth: number): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Decimal) return String(value);
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw new DataError(`${path} is an invalid Date`);
    return value.toISOString();
  }
  if (Array.isArray(value))
    return value.map((each, index) => jsonOf(each, `${path}[${String(index)}]`, depth + 1));
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return Object.fromEntries(
    entries.map(([name, each]: readonly [unknown, unknown]) => {
      if (typeof name !== 'string') throw new DataError(`${path} is a map whose keys are no texts`);
      return [name, jsonOf(each, `${path}.${name}`, depth + 1)];
    }),
  );
}
