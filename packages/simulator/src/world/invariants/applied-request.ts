/** What `apply-request` was told to write, read from its arguments: see the header of the script. */
import type { ScriptCall } from '../redis-link.ts';

export interface AppliedRequest {
  /** Absent: nothing is asked of a worker. */
  readonly worker?: { readonly name: string; readonly change: string };
  readonly definitions: readonly {
    readonly name: string;
    readonly uid: string;
    readonly version: number;
    readonly targetState: string;
    readonly lifecycle: string;
  }[];
}

const workerAt = 5;
const changeAt = 7;
const definitionsFrom = 11;
const argumentsOfDefinition = 15;
/** In them. */
const at = { name: 0, uid: 6, version: 7, targetState: 10, lifecycle: 11 };

export function appliedRequest(args: ScriptCall['args']): AppliedRequest {
  const count = Number(args[definitionsFrom - 1]);
  const definitions = Array.from({ length: count }, (_, index) => {
    const first = definitionsFrom + index * argumentsOfDefinition;
    return {
      name: String(args[first + at.name]),
      uid: String(args[first + at.uid]),
      version: Number(args[first + at.version]),
      targetState: String(args[first + at.targetState]),
      lifecycle: String(args[first + at.lifecycle]),
    };
  });
  const name = String(args[workerAt]);
  return { ...(name !== '' && { worker: { name, change: String(args[changeAt]) } }), definitions };
}
