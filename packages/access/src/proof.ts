/**
 * What a caller proves itself by, as it is stored: never the secret. A password, which people choose, is hashed by
 * scrypt, so that trying all of them takes long. A token is 256 bits of chance, and nobody can try those: one SHA-256
 * is enough, and costs nothing with each request.
 */
import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

export interface PasswordProof {
  readonly kind: 'password';
  readonly logN: number;
  readonly r: number;
  readonly p: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

export interface TokenProof {
  readonly kind: 'token';
  readonly hash: Buffer;
}

/** Of a certificate that the TLS handshake has checked. */
export interface CertificateProof {
  readonly kind: 'certificate';
  readonly subject: string;
}

export type Proof = PasswordProof | TokenProof | CertificateProof;

/** 32 MB and about a quarter of a second of one core. */
const cost = { logN: 15, r: 8, p: 3 } as const;
/** Of what a file may ask for: 128 MB. */
const costMax = { logN: 17, r: 8, p: 16 } as const;
const saltBytes = 16;
const hashBytes = 32;
const tokenPrefix = 'sluice_';

const scryptAsync = promisify<string, Buffer, number, object, Buffer>(scrypt);

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes);
  const hash = await scryptOf(password, { ...cost, salt });
  const { logN, r, p } = cost;
  return `$scrypt$ln=${logN},r=${r},p=${p}$${base64(salt)}$${base64(hash)}`;
}

/** In Node's pool of threads: the event loop goes on. */
export async function isPassword(password: string, proof: PasswordProof): Promise<boolean> {
  return timingSafeEqual(await scryptOf(password, proof), proof.hash);
}

/** Compared by who has no password, so that the time does not tell which names there are. */
export const nobodysPassword: PasswordProof = {
  kind: 'password',
  ...cost,
  salt: randomBytes(saltBytes),
  hash: randomBytes(hashBytes),
};

/** The prefix lets scanners of repositories find one that was committed. */
export function newToken(): string {
  return tokenPrefix + randomBytes(32).toString('base64url');
}

export function tokenProof(token: string): TokenProof {
  return { kind: 'token', hash: sha256(token) };
}

export function isToken(token: string, { hash }: TokenProof): boolean {
  return timingSafeEqual(sha256(token), hash);
}

export function tokenText({ hash }: TokenProof): string {
  return `$sha256$${base64(hash)}`;
}

export function certificateText({ subject }: CertificateProof): string {
  return `$subject$${subject}`;
}

/** Tells a proof from another one, and nothing of what is proved by it. */
export function proofFingerprint(proof: Proof): string {
  const parts =
    proof.kind === 'certificate'
      ? [proof.subject]
      : [proof.kind === 'password' ? base64(proof.salt) : '', base64(proof.hash)];
  return base64(sha256([proof.kind, ...parts].join('\0')));
}

/** Undefined if it is none of them. */
export function parseProof(text: string): Proof | undefined {
  const subject = /^\$subject\$(.+)$/.exec(text)?.[1];
  if (subject !== undefined) return { kind: 'certificate', subject: subject.trim() };
  const token = /^\$sha256\$([\w+/-]{43}=?)$/.exec(text)?.[1];
  if (token !== undefined) return { kind: 'token', hash: Buffer.from(token, 'base64') };
  return parsePassword(text);
}

function parsePassword(text: string): PasswordProof | undefined {
  const match =
    /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([\w+/-]{11,86})=*\$([\w+/-]{43})=*$/.exec(
      text,
    );
  if (!match) return undefined;
  const [logN, r, p] = match.slice(1, 4).map(Number) as [number, number, number];
  const isInLimits =
    logN >= 10 && logN <= costMax.logN && r >= 1 && r <= costMax.r && p >= 1 && p <= costMax.p;
  if (!isInLimits) return undefined;
  const [salt, hash] = match.slice(4).map((part) => Buffer.from(part, 'base64'));
  return salt && hash ? { kind: 'password', logN, r, p, salt, hash } : undefined;
}

function scryptOf(
  password: string,
  { logN, r, p, salt }: Omit<PasswordProof, 'kind' | 'hash'>,
): Promise<Buffer> {
  const N = 2 ** logN;
  // Twice what the algorithm takes: Node counts what is around it as well.
  const maxmem = 2 * 128 * N * r;
  return scryptAsync(password.normalize('NFC'), salt, hashBytes, { N, r, p, maxmem });
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
