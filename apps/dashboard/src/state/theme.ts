/** Light or dark: as the system says, or as was chosen here; the choice stays in this browser. */
import { useSyncExternalStore } from 'react';

export type ThemeChoice = 'system' | 'light' | 'dark';
const choices: readonly ThemeChoice[] = ['system', 'light', 'dark'];

export interface Theme {
  readonly choice: ThemeChoice;
  readonly shown: 'light' | 'dark';
}

const key = 'sluice.theme';
const prefersDark = window.matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();
let theme = themeOf(stored());

function stored(): ThemeChoice {
  try {
    const value = window.localStorage.getItem(key);
    return choices.find((each) => each === value) ?? 'system';
  } catch {
    // A browser may keep nothing.
    return 'system';
  }
}

function themeOf(choice: ThemeChoice): Theme {
  const shown = choice === 'system' ? (prefersDark.matches ? 'dark' : 'light') : choice;
  return { choice, shown };
}

function become(next: Theme): void {
  theme = next;
  document.documentElement.dataset['theme'] = next.shown;
  for (const changed of listeners) changed();
}

export function startTheme(): void {
  prefersDark.addEventListener('change', () => become(themeOf(theme.choice)));
  become(theme);
}

/** system → light → dark → system */
export function nextTheme(): void {
  const choice = choices[(choices.indexOf(theme.choice) + 1) % choices.length] ?? 'system';
  try {
    window.localStorage.setItem(key, choice);
  } catch {
    // Then it lasts as long as the page.
  }
  become(themeOf(choice));
}

export function useTheme(): Theme {
  return useSyncExternalStore(
    (changed) => {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    () => theme,
  );
}
