/**
 * Who looks, and what that allows. The server decides; this only says beforehand what it would say, so that nobody
 * presses what will be refused. States: unknown → signed in ⇄ signed out.
 */
import type { SessionAnswer } from '@sluice/rest-api/shapes';
import { useSyncExternalStore } from 'react';
import { ApiError, call, messageOf } from '../api/client.ts';

export interface Session {
  readonly user: string | null;
  readonly role: Role;
  readonly hasSignIn: boolean;
}

export type SessionState =
  | { readonly kind: 'unknown' }
  /** `hasEnded`: by itself, while somebody was at work. */
  | { readonly kind: 'signed-out'; readonly hasEnded: boolean }
  /** `isAnswered`: a coordinator answers, and cannot say who looks. */
  | { readonly kind: 'unreachable'; readonly why: string; readonly isAnswered: boolean }
  | { readonly kind: 'signed-in'; readonly session: Session };

let state: SessionState = { kind: 'unknown' };
const listeners = new Set<() => void>();

function become(next: SessionState): void {
  state = next;
  for (const changed of listeners) changed();
}

export const sessionStore = {
  get: (): SessionState => state,
  subscribe: (changed: () => void): (() => void) => {
    listeners.add(changed);
    return () => listeners.delete(changed);
  },
  signedOut: (): void => {
    // Several calls may be told so: the first one knows what was before.
    if (state.kind === 'signed-out') return;
    become({ kind: 'signed-out', hasEnded: state.kind === 'signed-in' });
  },
};

export async function loadSession(): Promise<void> {
  try {
    const answer = await call<SessionAnswer>('GET', '/sluice/session');
    become({ kind: 'signed-in', session: sessionOf(answer) });
  } catch (error) {
    const status = error instanceof ApiError ? error.status : 0;
    if (status === 401) sessionStore.signedOut();
    else become({ kind: 'unreachable', why: messageOf(error), isAnswered: status !== 0 });
  }
}

function sessionOf({ user, role, authentication }: SessionAnswer): Session {
  const hasSignIn = authentication !== 'none';
  // Without authentication everybody may do everything; the least where a role is not told.
  return { user, role: role ?? (hasSignIn ? 'viewer' : 'admin'), hasSignIn };
}

export type Credentials =
  | { readonly username: string; readonly password: string }
  | { readonly token: string };

/** @throws ApiError */
export async function signIn(credentials: Credentials): Promise<void> {
  await call('POST', '/sluice/session', { body: credentials });
  await loadSession();
}

export async function signOut(): Promise<void> {
  await call('DELETE', '/sluice/session');
  become({ kind: 'signed-out', hasEnded: false });
}

export function useSession(): SessionState {
  return useSyncExternalStore(sessionStore.subscribe, sessionStore.get);
}

const ranks = { viewer: 0, operator: 1, admin: 2 } as const;
export type Role = keyof typeof ranks;

/** Why the one who looks may not do what needs that role; undefined: may. */
export function refusal(current: SessionState, needed: Role): string | undefined {
  if (current.kind !== 'signed-in') return 'Sign in first';
  const { role } = current.session;
  if (ranks[role] >= ranks[needed]) return undefined;
  const article = needed === 'viewer' ? 'a' : 'an';
  return `Needs the role ${needed}: you are ${role === 'viewer' ? 'a' : 'an'} ${role}. Ask ${article} ${needed}, or sign in as one.`;
}

export function useRefusal(needed: Role): string | undefined {
  return refusal(useSession(), needed);
}
