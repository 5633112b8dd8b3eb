/** What was done and how it ended, and what is asked before it is done: for toasts and dialogs. */
import type { ReactNode } from 'react';
import { useSyncExternalStore } from 'react';

export interface Notice {
  readonly id: number;
  readonly kind: 'done' | 'pending' | 'failed' | 'working';
  readonly title: string;
  readonly detail?: string | undefined;
}

export interface Question {
  readonly title: string;
  readonly body: ReactNode;
  /** On the button: what happens, as `Delete orders`. */
  readonly verb: string;
  readonly isDestructive?: boolean;
  /** To be typed before it can be done. */
  readonly typed?: string;
}

interface Notices {
  readonly notices: readonly Notice[];
  readonly question: (Question & { readonly answer: (yes: boolean) => void }) | undefined;
}

/** More would hide the page. */
const noticesMax = 4;

let notices: Notices = { notices: [], question: undefined };
let lastId = 0;
const listeners = new Set<() => void>();

function become(next: Notices): void {
  notices = next;
  for (const changed of listeners) changed();
}

export function useNotices(): Notices {
  return useSyncExternalStore(
    (changed) => {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    () => notices,
  );
}

export function notify(notice: Omit<Notice, 'id'>): number {
  lastId += 1;
  const next = [...notices.notices, { ...notice, id: lastId }];
  become({ ...notices, notices: next.slice(-noticesMax) });
  return lastId;
}

export function dismiss(id: number): void {
  become({ ...notices, notices: notices.notices.filter((each) => each.id !== id) });
}

export async function ask(question: Question): Promise<boolean> {
  notices.question?.answer(false);
  return await new Promise((resolve) => {
    const answer = (yes: boolean): void => {
      become({ ...notices, question: undefined });
      resolve(yes);
    };
    become({ ...notices, question: { ...question, answer } });
  });
}
