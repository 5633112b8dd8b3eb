/** Results of earlier runs, and docs/CONFORMANCE.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { kafkaVersions } from '@sluice/testkit';
import type { CaseResult } from './case.ts';
import { declaredRows } from './compatibility.ts';
import { suites } from './suites.ts';
import { conformanceDocument, gapsOf } from './table.ts';

const compatibility = new URL('../docs/COMPATIBILITY.md', import.meta.url);
export const tableFile = new URL('../docs/CONFORMANCE.md', import.meta.url);

/** What a run printed with `--json`. */
export function readResults(file: string): CaseResult[] {
  return JSON.parse(readFileSync(file, 'utf8')) as CaseResult[];
}

/** Returns what is missing; then nothing is written. */
export function writeTable(results: readonly CaseResult[]): string[] {
  const gaps = gapsOf(suites, results);
  if (gaps.length === 0) writeFileSync(tableFile, tableOf(results));
  return gaps;
}

export function tableOf(results: readonly CaseResult[]): string {
  const rows = declaredRows(readFileSync(compatibility, 'utf8'));
  return conformanceDocument({ suites, results, rows, version: kafkaVersions.current });
}
