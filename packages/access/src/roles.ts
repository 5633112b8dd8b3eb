/** Each role may do what the ones before it may. */
export const roles = ['viewer', 'operator', 'admin'] as const;

export type Role = (typeof roles)[number];

/** Whether who has this role may do what needs that one. */
export function allows(has: Role, needed: Role): boolean {
  return roles.indexOf(has) >= roles.indexOf(needed);
}

export function parseRole(text: string): Role | undefined {
  return roles.find((role) => role === text);
}

export function highestRole(some: readonly Role[]): Role | undefined {
  return roles.findLast((role) => some.includes(role));
}

/** Who asks, once it is known. */
export interface Caller {
  readonly name: string;
  readonly role: Role;
  /** `none`: nobody has to say who they are. */
  readonly by: 'none' | 'password' | 'token' | 'jwt' | 'certificate';
}

/** Where no authentication is set up, on the loopback or with --insecure, everybody may do everything. */
export const anybody: Caller = { name: 'anonymous', role: 'admin', by: 'none' };
