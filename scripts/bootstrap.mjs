/**
 * Runs a TypeScript script of this repository: `node scripts/bootstrap.mjs scripts/test.ts …`.
 *
 * It is what `npm test` and its sisters call on a fresh clone, so it is plain JavaScript for Node 20 and
 * needs nothing that npm has to install first. It
 *   1. installs the dependencies when they are missing or are not those of package-lock.json,
 *   2. runs the script with the Node 24 that is one of them, and hands on signals and the exit code.
 *
 * When two start at once, one installs and the other waits: `.sluice/install.lock` holds the pid of the
 * one that installs, and is ignored when that process is gone.
 */
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const modules = path.join(root, 'node_modules');
const lockFile = path.join(root, '.sluice', 'install.lock');
const npmLogFile = path.join(root, '.sluice', 'install.log');

const nodeMajorMin = 20;
const nodeMajorWanted = 24;
const installTimeoutMs = 10 * 60_000;
const progressEveryMs = 10_000;
const binaryBytesMin = 1_000_000;

await main();

async function main() {
  const [script, ...args] = process.argv.slice(2);
  if (script === undefined) fail('usage: node scripts/bootstrap.mjs SCRIPT [ARGUMENT…]');
  const major = Number(process.versions.node.split('.')[0]);
  if (major < nodeMajorMin) {
    fail(
      `this is Node ${process.versions.node}; Sluice needs Node ${nodeMajorMin} or newer to start ` +
        `(it then brings its own Node ${nodeMajorWanted}). Install a newer one: https://nodejs.org`,
    );
  }
  if (!isInstalled()) await installOnce();
  run(nodeBinary(major), script, args);
}

/** Whether node_modules holds what package-lock.json asks for; what is optional may be missing. */
function isInstalled() {
  const wanted = packagesIn(path.join(root, 'package-lock.json'));
  const present = packagesIn(path.join(modules, '.package-lock.json'));
  if (wanted === undefined) fail(`package-lock.json is missing or broken in ${root}`);
  if (present === undefined) return false;
  return Object.entries(wanted).every(([place, entry]) => {
    if (place === '' || entry.optional || entry.devOptional) return true;
    return present[place] !== undefined && present[place].version === entry.version;
  });
}

function packagesIn(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

async function installOnce() {
  fs.mkdirSync(path.dirname(lockFile), { recursive: true });
  await takeLock();
  try {
    // Another one may have done it while this one waited.
    if (!isInstalled()) await install();
  } finally {
    releaseLock();
  }
}

/** Once: later on the lock may be another one's. */
function releaseLock() {
  process.removeListener('exit', releaseLock);
  fs.rmSync(lockFile, { force: true });
}

async function install() {
  // Not `npm ci`: it refuses a lock file that lacks a package of another platform than the one on
  // which the lock was written. Without --save, `npm install` follows the lock and leaves it as it is.
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  await withProgress('installing the npm packages (first run, or they changed)', async () => {
    const result = await npm(args, root);
    if (result.code === 0) return;
    fs.writeFileSync(npmLogFile, result.output);
    fail(
      `\nnpm ${args.join(' ')} failed with code ${result.code}:\n\n${result.output.trimEnd()}\n\n` +
        'Is the npm registry reachable (npm ping)? Then run the same command again.',
    );
  });
}

/** Waits until the lock is ours. A lock of a process that is gone counts for nothing. */
async function takeLock() {
  const deadline = Date.now() + installTimeoutMs;
  let isWaiting = false;
  for (;;) {
    try {
      fs.writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
      process.once('exit', releaseLock);
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (isAbandoned()) {
      fs.rmSync(lockFile, { force: true });
      continue;
    }
    if (!isWaiting) note('another run installs the npm packages; waiting for it');
    isWaiting = true;
    if (Date.now() > deadline) {
      fail(
        `waited ${installTimeoutMs / 60_000} minutes for ${lockFile}; remove it if nothing runs`,
      );
    }
    await pause(200);
  }
}

function isAbandoned() {
  let holder;
  try {
    holder = Number(fs.readFileSync(lockFile, 'utf8'));
  } catch {
    return false;
  }
  // Empty: its owner is between creating and writing it.
  if (!(holder > 0)) return false;
  try {
    process.kill(holder, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

/**
 * The Node that runs the scripts. The npm package `node` fetches its binary in an install script, which
 * npm may have been told not to run, so it is made up for here.
 */
function nodeBinary(majorOfThis) {
  const binary = path.join(modules, 'node', 'bin', 'node');
  if (!isBinary(binary)) {
    note(`fetching Node ${nodeMajorWanted} from the npm registry`);
    const fetched = spawnSync(process.execPath, ['installArchSpecificPackage.js'], {
      cwd: path.join(modules, 'node'),
      encoding: 'utf8',
      timeout: installTimeoutMs,
    });
    if (!isBinary(binary) && majorOfThis < nodeMajorWanted) {
      fail(
        `npm has no Node ${nodeMajorWanted} for ${process.platform}-${process.arch}, and this is ` +
          `Node ${process.versions.node}: run the command with Node ${nodeMajorWanted} or newer.\n` +
          `${fetched.stdout || ''}${fetched.stderr || ''}`,
      );
    }
  }
  return isBinary(binary) ? binary : process.execPath;
}

function isBinary(file) {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  return stat !== undefined && stat.size > binaryBytesMin;
}

/** Runs the npm that started this, else the one on the PATH. */
function npm(args, cwd) {
  const cli = process.env.npm_execpath;
  const isNpm = cli !== undefined && path.basename(cli) === 'npm-cli.js';
  const [command, first] = isNpm ? [process.execPath, [cli]] : ['npm', []];
  return new Promise((resolve) => {
    const child = spawn(command, [...first, ...args], {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: installTimeoutMs,
    });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.once('error', (error) => resolve({ code: 1, output: `${command}: ${error.message}` }));
    child.once('close', (code, signal) => resolve({ code: code === null ? signal : code, output }));
  });
}

/** Runs the script in place of this process, as far as signals and exit code go. */
function run(binary, script, args) {
  const isCli = script.startsWith('apps/');
  const flags = ['--conditions=@sluice/source'];
  // Where a running quickstart has its cluster; what is set in the environment wins.
  if (isCli) flags.push(`--env-file-if-exists=${path.join(root, '.sluice', 'cli.env')}`);
  const child = spawn(binary, [...flags, path.resolve(root, script), ...args], {
    // The channel closes when this process is killed: the script can then stop what it started.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    // npm moves to the root; a file named to the CLI is meant from where the user stands.
    cwd: isCli ? callersFolder() : root,
    env: {
      ...process.env,
      PATH: [path.dirname(binary), path.join(modules, '.bin'), process.env.PATH].join(
        path.delimiter,
      ),
      // Keeps the sources as JavaScript, compiled: each process starts in half the time.
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE || path.join(root, '.sluice', 'compiled'),
    },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => child.kill(signal));
  }
  child.once('error', (error) => fail(`cannot run ${binary}: ${error.message}`));
  child.once('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    // Ends by the same signal, so that the caller sees the same as it would have seen.
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function callersFolder() {
  const folder = process.env.INIT_CWD;
  return folder !== undefined && fs.existsSync(folder) ? folder : process.cwd();
}

/** Shows that something takes its time: the seconds on a terminal, a line now and then elsewhere. */
async function withProgress(what, work) {
  const startedAt = Date.now();
  const seconds = () => Math.round((Date.now() - startedAt) / 1_000);
  const isTerminal = process.stderr.isTTY;
  if (!isTerminal) note(what);
  const ticker = setInterval(
    () => (isTerminal ? rewrite(`${what}, ${seconds()} s`) : note(`  … ${seconds()} s`)),
    isTerminal ? 250 : progressEveryMs,
  );
  try {
    await work();
  } finally {
    clearInterval(ticker);
    if (isTerminal) rewrite('');
  }
  note(`installed the npm packages in ${seconds()} s`);
}

function rewrite(text) {
  process.stderr.write(`\r\u001B[K${text}`);
}

// Progress goes to stderr: stdout belongs to the script, whose output may be piped on.
function note(text) {
  process.stderr.write(`${text}\n`);
}

function fail(text) {
  note(text);
  process.exit(1);
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
