/**
 * AES-256-GCM with keys that have names, so that they can be replaced: the first of the keys encrypts, all decrypt. A
 * secret is bound to the cluster and to its name: what is stored under another one does not open.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

export interface SecretKey {
  readonly id: string;
  readonly key: Buffer;
}

/** What is stored: JSON. */
export interface SealedSecret {
  readonly version: 1;
  /** Of the key that it opens with. */
  readonly keyId: string;
  /** Base64, each. */
  readonly iv: string;
  readonly data: string;
  readonly tag: string;
  /** When it was set; ms since 1970. */
  readonly setAtMs: number;
}

const algorithm = 'aes-256-gcm';
const keyBytes = 32;
const ivBytes = 12;
const tagBytes = 16;

/** `k2:<base64>,k1:<base64>`. Problems quote no key. */
export function parseSecretKeys(
  text: string,
): { readonly keys: readonly SecretKey[] } | { readonly problem: string } {
  const keys: SecretKey[] = [];
  for (const part of text.split(',').map((each) => each.trim())) {
    const [id, encoded] = part.split(':', 2);
    if (id === undefined || encoded === undefined || !/^[\w.-]{1,64}$/.test(id))
      return {
        problem:
          'must have the form <id>:<key>, comma-separated; an id has letters, digits, ".", "-" and "_"',
      };
    const key = Buffer.from(encoded, 'base64');
    if (key.length !== keyBytes)
      return {
        problem: `has a key ${id} that is not ${String(keyBytes)} bytes in base64: make one with "openssl rand -base64 32"`,
      };
    if (keys.some((each) => each.id === id)) return { problem: `has the id ${id} twice` };
    keys.push({ id, key });
  }
  return { keys };
}

export interface SecretAddress {
  readonly cluster: string;
  readonly name: string;
}

export function seal(
  value: string,
  address: SecretAddress,
  { id, key }: SecretKey,
  nowMs: number,
): SealedSecret {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv(algorithm, key, iv, { authTagLength: tagBytes });
  cipher.setAAD(boundTo(address));
  const data = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()]);
  return {
    version: 1,
    keyId: id,
    iv: iv.toString('base64'),
    data: data.toString('base64'),
    tag: cipher.getAuthTag().toString('base64'),
    setAtMs: nowMs,
  };
}

/** @throws Error that names the secret and its key, and what to do. */
export function unseal(
  sealed: SealedSecret,
  address: SecretAddress,
  keys: readonly SecretKey[],
): string {
  const { data, iv, keyId, tag } = sealed;
  const found = keys.find(({ id }) => id === keyId);
  if (!found)
    throw new Error(
      `the secret ${address.name} is encrypted with the key ${keyId}, which is not in SLUICE_SECRETS_KEYS: add it, or set the secret again`,
    );
  try {
    const decipher = createDecipheriv(algorithm, found.key, Buffer.from(iv, 'base64'), {
      authTagLength: tagBytes,
    });
    decipher.setAAD(boundTo(address));
    decipher.setAuthTag(Buffer.from(tag, 'base64'));
    return Buffer.concat([decipher.update(Buffer.from(data, 'base64')), decipher.final()]).toString(
      'utf8',
    );
  } catch (error) {
    throw new Error(
      `the secret ${address.name} does not open with the key ${keyId}: that key is another one than it was encrypted with, or what is stored was changed. Set it again`,
      { cause: error },
    );
  }
}

function boundTo({ cluster, name }: SecretAddress): Buffer {
  return Buffer.from(JSON.stringify(['sluice-secret', cluster, name]));
}
