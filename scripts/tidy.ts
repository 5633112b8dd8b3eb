/** Checks the rules of `tidy-rules.ts` on every file of the repository: `npm run tidy`. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@sluice/testkit';
import { runCommand } from './run-command.ts';
import { checkLock, checkManifest, checkText, type Finding } from './tidy-rules.ts';

const textFiles = /\.(ts|tsx|mjs|lua|json|md|yaml|yml|sh|css|html)$|(^|\/)(run|Dockerfile)$/;

const files = await listFiles();
const findings: Finding[] = files.flatMap((file) => checkFile(file));
const licenses = files.filter((file) => /(^|\/)LICEN[CS]E(\.\w+)?$/i.test(file));
if (licenses.length !== 1) {
  findings.push({ file: licenses.at(-1) ?? '.', line: 1, message: 'there must be one LICENSE' });
}
for (const { file, line, message } of findings) console.log(`${file}:${line}: ${message}`);
console.log(
  findings.length === 0
    ? `tidy: ${files.length} files, nothing to complain about`
    : `tidy: ${findings.length} findings in ${files.length} files`,
);
process.exitCode = findings.length === 0 ? 0 : 1;

function checkFile(file: string): Finding[] {
  if (!textFiles.test(file)) return [];
  const text = readFileSync(join(repositoryRoot, file), 'utf8');
  if (file === 'package-lock.json') return checkLock(file, text);
  return [
    ...checkText(file, text),
    ...(/(^|\/)package\.json$/.test(file) ? checkManifest(file, text) : []),
  ];
}

/** What git has or would take; where there is no git, what is not built or installed. */
async function listFiles(): Promise<string[]> {
  const listed = await runCommand(
    'git',
    ['ls-files', '-co', '--exclude-standard', '--deduplicate'],
    {
      cwd: repositoryRoot,
    },
  );
  if (listed.code === 0) {
    // A file that was deleted, but is still in git, is listed as well.
    return listed.output.split('\n').filter((file) => existsSync(join(repositoryRoot, file)));
  }
  return globSync('**/*.*', { cwd: repositoryRoot, exclude: isGenerated });
}

function isGenerated(name: string): boolean {
  return /(^|\/)(node_modules|dist|coverage|\.git|\.turbo|\.sluice)(\/|$)/.test(name);
}
