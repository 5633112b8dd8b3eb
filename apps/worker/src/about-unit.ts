/** What each line of a log says of the connector or task that it is about. */
import { parseUnit, type UnitId } from '@sluice/coordination';

export interface AboutUnit {
  readonly unit: UnitId;
  readonly connector: string;
  readonly task?: number;
  readonly fence?: number;
}

export function aboutUnit(unit: UnitId, fence?: number): AboutUnit {
  const { connector, task } = parseUnit(unit);
  return {
    unit,
    connector,
    ...(task !== undefined && { task }),
    ...(fence !== undefined && { fence }),
  };
}
