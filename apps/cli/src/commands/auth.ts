import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  certificateText,
  hashPassword,
  isCallerName,
  newToken,
  parseRole,
  type Role,
  roles,
  subjectOf,
  tokenProof,
  tokenText,
} from '@sluice/access';
import { toError } from '@sluice/kernel';
import { type Command, Option } from 'commander';

import { CliError, exitCodes } from '../exit-codes.ts';
import { optionsOf } from '../options.ts';
import type { CommandContext } from './command.ts';

const examples = `
Each prints a line for the file that SLUICE_AUTH_FILE of coordinators and workers names: who it is, the role, and what
proves it, from which the secret cannot be had. They read the file again when it changes. Neither Redis nor the
cluster is asked.

Roles: viewer reads; operator pauses, resumes, stops, restarts, drains and cordons, too; admin may do everything.

Examples:
  sluice auth password ann --role admin >> callers          # type the password, or pipe it in
  sluice auth token grafana --role viewer >> callers        # the token itself is shown once, beside
  sluice auth certificate deploy --role admin --cert deploy.pem >> callers`;

const passwordCharactersMin = 12;

interface Flags {
  readonly role: string;
  readonly cert: string;
}

export function addAuthCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('auth')
    .description('make lines for the file of those who may use the API')
    .addHelpText('after', examples);
  const add = (
    kind: string,
    description: string,
    proofOf: (flags: Flags) => Promise<{ proof: string; token?: string }>,
  ): Command => {
    const sub = command
      .command(kind)
      .argument('<name>', 'who it is')
      .description(description)
      .requiredOption('--role <role>', roles.join(', '))
      .addOption(new Option('--json', 'print JSON'))
      .addHelpText('after', examples);
    return sub.action(async (name: string, flags: Flags) => {
      const role = checked(name, flags.role);
      const { proof, token } = await proofOf(flags);
      const line = `${name}:${role}:${proof}`;
      if (optionsOf(sub)['json'] === true) {
        context.io.out(JSON.stringify({ line, ...(token !== undefined && { token }) }));
        return;
      }
      context.io.out(line);
      // Beside the line, so that a file that it is written to does not get it.
      if (token !== undefined) context.io.err(`the token of ${name}, shown only now:\n${token}`);
    });
  };
  add('password', 'by a password, read from standard input', async () => ({
    proof: await hashPassword(await readPassword(context)),
  }));
  add('token', 'by a token, which is made and shown once', async () => {
    const token = newToken();
    return { proof: tokenText(tokenProof(token)), token };
  });
  add(
    'certificate',
    'by a certificate that a client shows (SLUICE_TLS_CLIENT_CA)',
    async ({ cert }) => ({
      proof: certificateText({ kind: 'certificate', subject: subjectIn(cert) }),
    }),
  ).requiredOption('--cert <file>', 'the certificate, in PEM');
}

function checked(name: string, roleText: string): Role {
  if (!isCallerName(name)) {
    throw new CliError(
      exitCodes.usage,
      'a name has no colon, at most 200 characters, and none that cannot be seen',
    );
  }
  const role = parseRole(roleText);
  if (role) return role;
  throw new CliError(exitCodes.usage, `--role ${roleText} is not one of ${roles.join(', ')}`);
}

async function readPassword({ io }: CommandContext): Promise<string> {
  io.err('the password, and then Enter:');
  const password = (await io.stdinLine()).trim();
  if (password.length >= passwordCharactersMin) return password;
  throw new CliError(
    exitCodes.usage,
    `a password has at least ${passwordCharactersMin} characters; for programs, take a token`,
  );
}

function subjectIn(path: string): string {
  try {
    return subjectOf(new X509Certificate(readFileSync(path)));
  } catch (error) {
    throw new CliError(
      exitCodes.invalid,
      `${path} is no certificate in PEM: ${toError(error).message}`,
    );
  }
}
