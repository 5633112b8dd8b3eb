/**
 * The text of a file in which each guard goes through a switch: `a == b` becomes `mutation.guard(17, (a == b))`. All
 * mutations of all files are then one program, which is loaded once.
 */
import type { Guard, Language } from './mutation.ts';

/** What the switch is called by: see `guard-switch.ts`. */
const switchIn: Readonly<Record<Language, string>> = {
  lua: 'mutation.guard',
  typescript: 'globalThis.sluiceGuard',
};

/** @param guards of this text, which may lie within each other but do not overlap otherwise */
export function instrumented(text: string, guards: readonly Guard[]): string {
  const before = new Map<number, string>();
  const after = new Map<number, string>();
  const outerFirst = guards.toSorted((a, b) => a.from - b.from || b.to - a.to);
  for (const { from, to, number, language } of outerFirst) {
    before.set(from, `${before.get(from) ?? ''}${switchIn[language]}(${number}, (`);
    after.set(to, `))${after.get(to) ?? ''}`);
  }
  const cuts = [...new Set([...before.keys(), ...after.keys()])].toSorted((a, b) => a - b);
  let result = '';
  let position = 0;
  for (const cut of cuts) {
    result += text.slice(position, cut) + (after.get(cut) ?? '') + (before.get(cut) ?? '');
    position = cut;
  }
  return result + text.slice(position);
}
