/** Which functions the time is spent in, of what runs between start and end. */
import { Session } from 'node:inspector/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { HotFunction } from './cases.ts';

const sampledEveryMicros = 200;
const shownMax = 12;

export async function startProfile(
  root: string,
): Promise<{ end: () => Promise<readonly HotFunction[]> }> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: sampledEveryMicros });
  await session.post('Profiler.start');
  return {
    async end() {
      const { profile } = await session.post('Profiler.stop');
      session.disconnect();
      const shares = new Map<string, HotFunction>();
      const total = profile.nodes.reduce((sum, { hitCount = 0 }) => sum + hitCount, 0);
      for (const { callFrame, hitCount = 0 } of profile.nodes) {
        const { functionName, lineNumber, url } = callFrame;
        const place = url === '' ? '' : `${fileOf(url, root)}:${lineNumber + 1}`;
        // Without a name and a place it is one of Node's own in C++: mostly text that is written to a buffer.
        const name = functionName || (place === '' ? '(native)' : '(anonymous)');
        const known = shares.get(`${name} ${place}`)?.share ?? 0;
        shares.set(`${name} ${place}`, { name, place, share: known + hitCount / total });
      }
      return [...shares.values()].toSorted((a, b) => b.share - a.share).slice(0, shownMax);
    },
  };
}

function fileOf(url: string, root: string): string {
  return url.startsWith('file:') ? relative(root, fileURLToPath(url)) : url;
}

export function formatProfile(functions: readonly HotFunction[]): string {
  return functions
    .map(({ name, place, share }) => {
      const percent = (share * 100).toFixed(1).padStart(5);
      return `    ${percent} %  ${name}${place === '' ? '' : `  ${place}`}`;
    })
    .join('\n');
}
