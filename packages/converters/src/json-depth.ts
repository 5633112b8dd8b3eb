/** A bound of how deeply data is nested: what goes through it afterwards does so with a stack. */
import { DataError } from '@sluice/connector-api';

/** Jackson's own limit, with which Kafka Connect reads and writes JSON. */
export const depthMax = 1_000;

const quote = 0x22;
const backslash = 0x5c;
const openingBrace = 0x7b;
const closingBrace = 0x7d;
/** Makes brackets braces. */
const braceBit = 0x20;

/** Whether a JSON text is nested no deeper than the limit; may be wrong about what is no JSON. */
export function isShallow(json: string): boolean {
  // Each level has two characters, and most records have few levels, or few characters.
  return json.length < 2 * depthMax || hasFewOpenings(json) || depthOf(json) <= depthMax;
}

/** So many are found sooner by asking for each than by going through all characters. */
const fewOpenings = 32;

function hasFewOpenings(json: string): boolean {
  let left = fewOpenings;
  for (const opening of ['{', '['])
    for (let at = json.indexOf(opening); at !== -1; at = json.indexOf(opening, at + 1)) {
      left -= 1;
      if (left < 0) return false;
    }
  return true;
}

/** Or one more than the limit. */
function depthOf(json: string): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < json.length; at += 1) {
    const code = json.charCodeAt(at);
    if (code === quote) at = endOfString(json, at);
    else if ((code | braceBit) === closingBrace) depth -= 1;
    else if ((code | braceBit) === openingBrace) {
      depth += 1;
      if (depth <= deepest) continue;
      deepest = depth;
      if (deepest > depthMax) break;
    }
  }
  return deepest;
}

/** The last quote of the string that begins at `start`. */
function endOfString(json: string, start: number): number {
  for (let at = start + 1; at < json.length; at += 1) {
    const code = json.charCodeAt(at);
    if (code === quote) return at;
    if (code === backslash) at += 1;
  }
  return json.length;
}

export function tooDeepError(): DataError {
  return new DataError(
    `the data is nested deeper than ${String(depthMax)} levels, or contains itself`,
  );
}
