import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { makeOwnedFolder } from '../src/index.ts';

/** Of a process that has ended. */
const deadPid = spawnSync(process.execPath, ['--version']).pid;

test.each(['redis', 'bench-api'])(
  'the %s folder of a process that is gone is removed with the next one that is made',
  (kind) => {
    const abandoned = mkdtempSync(join(tmpdir(), `sluice-${kind}-${deadPid}-`));
    const own = makeOwnedFolder(kind);
    try {
      expect(existsSync(abandoned)).toBe(false);
      // Nor is one's own.
      rmSync(makeOwnedFolder(kind), { recursive: true });
      expect(existsSync(own)).toBe(true);
    } finally {
      rmSync(own, { recursive: true });
      rmSync(abandoned, { recursive: true, force: true });
    }
  },
);
