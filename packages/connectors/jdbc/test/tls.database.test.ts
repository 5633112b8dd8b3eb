/** Encrypted connections, as the parameters of `connection.url` ask for them. */
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Password } from '@sluice/connector-api';
import { makeCertificate, startMariadb, startPostgres } from '@sluice/testkit';
import { afterAll, describe, expect, test } from 'vitest';
import { openDialect } from '../src/connection/open-dialect.ts';
import { connectionOf, databases } from './databases.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-jdbc-tls-'));
afterAll(() => rmSync(folder, { recursive: true }));

const files = {
  certificate: join(folder, 'server.pem'),
  key: join(folder, 'server.key'),
  other: join(folder, 'other.pem'),
};
const { certificate, key } = makeCertificate(Date.now());
writeFileSync(files.certificate, certificate);
writeFileSync(files.other, makeCertificate(Date.now()).certificate);
writeFileSync(files.key, key, { mode: 0o600 });
chmodSync(folder, 0o755);
// Servers run as nobody where the tests run as root, and PostgreSQL wants the key to be its own.
if (process.getuid?.() === 0)
  for (const file of [files.certificate, files.key]) chownSync(file, 65_534, 65_534);

const startWithTls = {
  PostgreSQL: () =>
    startPostgres({
      config: { ssl: 'on', ssl_cert_file: files.certificate, ssl_key_file: files.key },
    }),
  MariaDB: () =>
    startMariadb({
      config: [
        `--ssl-cert=${files.certificate}`,
        `--ssl-key=${files.key}`,
        '--require-secure-transport=OFF',
      ],
    }),
};

describe.each(databases)('a connection to $name', ({ name, start }) => {
  const usesTls =
    name === 'PostgreSQL'
      ? "SELECT CASE WHEN ssl THEN 'yes' ELSE 'no' END FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
      : "SELECT IF(VARIABLE_VALUE = '', 'no', 'yes') FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME = 'Ssl_cipher'";

  async function isEncrypted(url: string, parameters: string): Promise<string> {
    const config = connectionOf(url);
    const dialect = await openDialect({
      'connection.url': `${config['connection.url'] ?? ''}?${parameters}`,
      'connection.user': config['connection.user'],
      'connection.password': new Password(config['connection.password'] ?? ''),
      'db.timezone': 'UTC',
      'quote.sql.identifiers': 'ALWAYS',
    });
    const { signal } = new AbortController();
    const session = await dialect.connect({ limitMs: 20_000, signal });
    try {
      const [[answer] = []] = await session.query(usesTls);
      return String(answer);
    } finally {
      await session.close();
    }
  }

  test('is encrypted as sslmode says, where the server can', async () => {
    await using server = await startWithTls[name as keyof typeof startWithTls]();
    expect(await isEncrypted(server.url, '')).toBe('yes');
    expect(await isEncrypted(server.url, 'sslmode=disable')).toBe('no');
    expect(await isEncrypted(server.url, 'sslmode=require')).toBe('yes');
    expect(
      await isEncrypted(server.url, `sslmode=verify-full&sslrootcert=${files.certificate}`),
    ).toBe('yes');
    expect(
      await isEncrypted(server.url, `sslmode=verify-ca&sslrootcert=${files.certificate}`),
    ).toBe('yes');
    for (const mode of ['verify-ca', 'verify-full']) {
      await expect(isEncrypted(server.url, `sslmode=${mode}`)).rejects.toThrow(/cannot connect/);
      await expect(
        isEncrypted(server.url, `sslmode=${mode}&sslrootcert=${files.other}`),
      ).rejects.toThrow(/cannot connect/);
    }
    await expect(isEncrypted(server.url, 'sslrootcert=/no/such.pem')).rejects.toThrow(
      /names the file \/no\/such\.pem, which cannot be read/,
    );
  });

  test('is not encrypted where the server cannot, unless it has to be', async () => {
    await using server =
      name === 'MariaDB' ? await startMariadb({ config: ['--skip-ssl'] }) : await start();
    expect(await isEncrypted(server.url, '')).toBe('no');
    await expect(isEncrypted(server.url, 'sslmode=require')).rejects.toThrow(/cannot connect/);
  });
});
