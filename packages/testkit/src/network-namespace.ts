/**
 * A machine of its own, as far as the network goes: processes in it reach the host through one link, which can be cut,
 * or lose what goes in one direction. Linux, as root, with `ip` of iproute2.
 *
 * States: joined → (cutOff | loseOutgoing | loseIncoming) disturbed → (heal) joined → … → (dispose) removed. Its name
 * carries the pid of its owner: what an owner that was killed has left, the next one removes.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { newShortId, SluiceError } from '@sluice/kernel';
import { findOnPath, isAlive } from './guarded-process.ts';

const commandTimeoutMs = 10_000;
const namePattern = /^sluice-(\d+)-/;

/** Why there can be none here, if so. */
export function namespaceObstacle(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are a thing of Linux';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  if (findOnPath('ip') === undefined) return 'there is no `ip` (iproute2)';
  // Strictly checked, a packet whose answer goes nowhere is dropped: the loss would be in both directions.
  const isStrict = readFileSync('/proc/sys/net/ipv4/conf/all/rp_filter', 'utf8').trim() !== '0';
  if (isStrict) return 'net.ipv4.conf.all.rp_filter is not 0';
  const { status, stderr } = run(['netns', 'list']);
  return status === 0 ? undefined : stderr.trim();
}

export class NetworkNamespace implements Disposable {
  readonly name: string;
  /** Of the host, as processes in here reach it. */
  readonly hostAddress: string;
  /** Of processes in here, as the host reaches them. */
  readonly address: string;
  readonly #link: string;

  constructor() {
    removeAbandoned();
    const id = newShortId().toLowerCase();
    this.name = `sluice-${process.pid}-${id}`;
    this.#link = `slu${id}`.slice(0, 14);
    const peer = `${this.#link}p`;
    // A range that is set aside for measurements of networks: no route leads there.
    const net = `198.18.${Math.floor(Math.random() * 256)}`;
    const first = Math.floor(Math.random() * 64) * 4;
    this.hostAddress = `${net}.${first + 1}`;
    this.address = `${net}.${first + 2}`;
    ip('netns', 'add', this.name);
    try {
      ip('link', 'add', this.#link, 'type', 'veth', 'peer', 'name', peer, 'netns', this.name);
      ip('address', 'add', `${this.hostAddress}/30`, 'dev', this.#link);
      ip('link', 'set', this.#link, 'up');
      ip('-n', this.name, 'address', 'add', `${this.address}/30`, 'dev', peer);
      ip('-n', this.name, 'link', 'set', peer, 'up');
      ip('-n', this.name, 'link', 'set', 'lo', 'up');
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** What is put before a command so that it runs in here. */
  get command(): readonly [string, ...string[]] {
    return ['ip', 'netns', 'exec', this.name];
  }

  /** Nothing gets through; nobody is told. */
  cutOff(): void {
    ip('link', 'set', this.#link, 'down');
  }

  /** What processes in here send does not arrive. */
  loseOutgoing(): void {
    ip('-n', this.name, 'route', 'add', 'blackhole', this.hostAddress);
  }

  /** What is sent to processes in here does not arrive. */
  loseIncoming(): void {
    ip('route', 'add', 'blackhole', this.address);
  }

  /** Ends whatever disturbs it; may be called when nothing does. */
  heal(): void {
    run(['route', 'delete', 'blackhole', this.address]);
    run(['-n', this.name, 'route', 'delete', 'blackhole', this.hostAddress]);
    ip('link', 'set', this.#link, 'up');
  }

  /** End the processes in it first: as long as they run, it is only without a name. */
  [Symbol.dispose](): void {
    run(['route', 'delete', 'blackhole', this.address]);
    run(['link', 'delete', this.#link]);
    run(['netns', 'delete', this.name]);
  }
}

function removeAbandoned(): void {
  for (const line of run(['netns', 'list']).stdout.split('\n')) {
    const [name = ''] = line.split(' ');
    const owner = namePattern.exec(name)?.[1];
    // With it goes its end of the link, and with that the other one.
    if (owner !== undefined && !isAlive(Number(owner))) run(['netns', 'delete', name]);
  }
}

function ip(...args: readonly string[]): void {
  const { status, stderr } = run(args);
  if (status === 0) return;
  throw new SluiceError('testkit.network', `ip ${args.join(' ')}: ${stderr.trim()}`);
}

function run(args: readonly string[]) {
  return spawnSync('ip', args, { encoding: 'utf8', timeout: commandTimeoutMs });
}
