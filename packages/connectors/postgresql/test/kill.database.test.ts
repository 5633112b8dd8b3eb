import { usePostgres } from '@sluice/testkit';
import { afterAll, expect, test } from 'vitest';
import { killRounds } from './kill-rounds.ts';

const postgres = await usePostgres();
afterAll(() => postgres[Symbol.asyncDispose]());

/** More of them: KILL_ROUNDS=20 npm test -- kill.database */
const rounds = Number(process.env['KILL_ROUNDS'] ?? 4);

for (const during of ['snapshot', 'streaming'] as const)
  test(`kill -9 during ${during} costs no row: ${String(rounds)} rounds`, {
    timeout: 60_000 + rounds * 20_000,
  }, async () => {
    const result = await killRounds({ server: postgres, rounds, during, seed: 7 });
    expect(result.wrong).toEqual([]);
    expect(result.rows).toBeGreaterThan(100);
    expect(during === 'snapshot' ? result.killedInSnapshot : result.killedInStream).toBeGreaterThan(
      0,
    );
    process.stdout.write(`${during}: ${JSON.stringify(result)}\n`);
  });
