/**
 * A certificate for 127.0.0.1: by default one that signs itself, so that whoever trusts it needs no other, or
 * one that another signed, as a server and its clients have them from one authority. Written by hand, in
 * DER (X.690), since Node can read certificates but not make them, and not every machine has `openssl`.
 */
import { generateKeyPairSync, randomBytes, sign, X509Certificate } from 'node:crypto';

export interface Certificate {
  /** PEM; also that of the authority which signed it, if it signed itself. */
  readonly certificate: string;
  /** PEM, PKCS #8. */
  readonly key: string;
}

export interface CertificateOptions {
  /** Who it is for: its common name. Default `sluice test`. */
  readonly name?: string;
  /** Who signs it. Default: it signs itself, and may sign others. */
  readonly authority?: Certificate;
}

const hourMs = 3_600_000;

/** Valid from an hour before `nowMs` for a day. */
export function makeCertificate(nowMs: number, options: CertificateOptions = {}): Certificate {
  const { name = 'sluice test', authority } = options;
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(objectId(1, 2, 840, 10045, 4, 3, 2)); // ecdsa-with-SHA256
  const content = sequence(
    tagged(tags.version, integer(Buffer.from([2]))), // That is version 3.
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])), // Begins with 1: never negative.
    algorithm,
    distinguishedName(authority === undefined ? name : nameOf(authority)),
    sequence(utcTime(nowMs - hourMs), utcTime(nowMs + 23 * hourMs)),
    distinguishedName(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(
      tags.extensions,
      sequence(
        extension([2, 5, 29, 17], addresses()),
        ...(authority === undefined ? [mayAuthorize()] : []),
      ),
    ),
  );
  const signature = sign('sha256', content, authority?.key ?? privateKey);
  const certificate = sequence(
    content,
    algorithm,
    tagged(tags.bitString, Buffer.from([0]), signature),
  );
  return {
    certificate: pem(certificate),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectId: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  sequence: 0x30,
  set: 0x31,
  dnsName: 0x82,
  ipAddress: 0x87,
  version: 0xa0,
  extensions: 0xa3,
} as const;

/** subjectAltName */
function addresses(): Buffer {
  return sequence(
    tagged(tags.ipAddress, Buffer.from([127, 0, 0, 1])),
    tagged(tags.dnsName, Buffer.from('localhost')),
  );
}

function distinguishedName(commonName: string): Buffer {
  return sequence(tagged(tags.set, sequence(objectId(2, 5, 4, 3), text(commonName))));
}

function nameOf({ certificate }: Certificate): string {
  return /^CN=(.*)$/m.exec(new X509Certificate(certificate).subject)?.[1] ?? '';
}

/** basicConstraints, critical: may sign certificates. */
function mayAuthorize(): Buffer {
  const yes = tagged(tags.boolean, Buffer.from([0xff]));
  return sequence(objectId(2, 5, 29, 19), yes, tagged(tags.octetString, sequence(yes)));
}

function extension(id: readonly [number, number, ...number[]], content: Buffer): Buffer {
  return sequence(objectId(...id), tagged(tags.octetString, content));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(tags.sequence, ...parts);
}

function integer(bytes: Buffer): Buffer {
  return tagged(tags.integer, bytes);
}

function text(value: string): Buffer {
  return tagged(tags.utf8, Buffer.from(value));
}

/** `YYMMDDhhmmssZ`, until 2049. */
function utcTime(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replaceAll(/\D/g, '').slice(2, 14);
  return tagged(tags.utcTime, Buffer.from(`${digits}Z`));
}

function objectId(first: number, second: number, ...rest: readonly number[]): Buffer {
  const bytes = rest.flatMap((part) => {
    const sevenBits = [part & 0x7f];
    for (let left = part >> 7; left > 0; left >>= 7) sevenBits.unshift((left & 0x7f) | 0x80);
    return sevenBits;
  });
  return tagged(tags.objectId, Buffer.from([first * 40 + second, ...bytes]));
}

function tagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const lengthBytes =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...lengthBytes]), content]);
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').replaceAll(/.{64}/g, '$&\n').trimEnd();
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}
