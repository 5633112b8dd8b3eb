/**
 * Who may ask, as a file or a setting names them: one a line, `name:role:proof`.
 *
 *     # the people
 *     ann:admin:$scrypt$ln=15,r=8,p=3$…$…
 *     # the programs
 *     grafana:viewer:$sha256$…
 *     deploy:admin:$subject$CN=deploy,O=Acme
 */
import { SluiceError } from '@sluice/kernel';

import { type Proof, parseProof, tokenProof } from './proof.ts';
import { parseRole, type Role, roles } from './roles.ts';

export interface KnownCaller {
  readonly name: string;
  readonly role: Role;
  readonly proof: Proof;
}

const callersMax = 10_000;
/** A wrong password is compared with each that its name has. */
const passwordsOfNameMax = 3;
const problemsShown = 10;

/** Never changed: a new file makes new ones. */
export class Callers {
  readonly #byName: ReadonlyMap<string, readonly KnownCaller[]>;
  readonly #byToken: ReadonlyMap<string, KnownCaller>;
  readonly #bySubject: ReadonlyMap<string, KnownCaller>;
  readonly size: number;

  constructor(all: readonly KnownCaller[]) {
    this.size = all.length;
    this.#byName = Map.groupBy(all, ({ name }) => name);
    this.#byToken = new Map(all.flatMap((caller) => keyed(caller, 'token')));
    this.#bySubject = new Map(all.flatMap((caller) => keyed(caller, 'certificate')));
  }

  /** A name may have several: a new password or token beside the old one, until that is taken away. */
  named(name: string): readonly KnownCaller[] {
    return this.#byName.get(name) ?? [];
  }

  /** Found by its hash: how far that is right tells nothing of a token that has it. */
  withToken(token: string): KnownCaller | undefined {
    return this.#byToken.get(keyOf(tokenProof(token)));
  }

  withSubject(subject: string): KnownCaller | undefined {
    return this.#bySubject.get(subject);
  }
}

export const noCallers = new Callers([]);

function keyed(caller: KnownCaller, kind: 'token' | 'certificate'): [string, KnownCaller][] {
  return caller.proof.kind === kind ? [[keyOf(caller.proof), caller]] : [];
}

function keyOf(proof: Proof): string {
  return proof.kind === 'certificate' ? proof.subject : proof.hash.toString('base64');
}

/** @throws SluiceError `config.invalid` that says for each wrong line what is wrong, and not what is there. */
export function parseCallers(text: string, where: string): KnownCaller[] {
  const problems: string[] = [];
  const known = text.split(/\r?\n/).flatMap((line, index) => {
    if (/^\s*(#|$)/.test(line)) return [];
    const caller = parseLine(line.trim());
    if (typeof caller !== 'string') return [caller];
    problems.push(`${where}, line ${index + 1}: ${caller}`);
    return [];
  });
  if (known.length > callersMax) problems.push(`${where} has more than ${callersMax} callers`);
  const passwords = known.filter(({ proof }) => proof.kind === 'password');
  for (const [name, same] of Map.groupBy(passwords, (caller) => caller.name)) {
    if (same.length <= passwordsOfNameMax) continue;
    problems.push(`${where}: ${name} has more than ${passwordsOfNameMax} passwords`);
  }
  if (problems.length > 0) {
    throw new SluiceError('config.invalid', problems.slice(0, problemsShown).join('\n'));
  }
  return known;
}

/** The caller, or what is wrong. */
function parseLine(line: string): KnownCaller | string {
  const [, name, roleText, proofText] = /^([^:]+):([^:]*):(.*)$/.exec(line) ?? [];
  if (name === undefined || roleText === undefined || proofText === undefined) {
    return 'must have the form name:role:proof; `sluice auth` makes such lines';
  }
  if (!isCallerName(name)) return 'the name has characters that are not allowed, or more than 200';
  const role = parseRole(roleText);
  if (!role) return `the role must be one of ${roles.join(', ')}`;
  const proof = parseProof(proofText);
  if (!proof) {
    return 'the proof is none of $scrypt$…, $sha256$… and $subject$…; `sluice auth` makes such lines';
  }
  return { name, role, proof };
}

/** No colon, since it ends a name, and nothing that would garble a log. */
export function isCallerName(name: string): boolean {
  return /^[^\p{C}:]{1,200}$/u.test(name) && name.trim() === name;
}
