/** Whether the processes of the cluster fit each other, by what they have announced. Pure. */
import { newestInRange } from '@sluice/connector-api';
import { type ClusterSnapshot, type ProtocolRange, protocolSpoken } from '@sluice/coordination';

import { type Finding, fail, ok, warn } from './finding.ts';

export function judgeCluster(snapshot: ClusterSnapshot, log: string): Finding[] {
  return [
    leader(snapshot),
    ...workers(snapshot),
    ...connectors(snapshot),
    ...otherLogs(snapshot, log),
    ...plugins(snapshot),
    ...protocols(snapshot),
  ];
}

function leader({ leader: found }: ClusterSnapshot): Finding {
  return found
    ? ok('cluster', `${found.coordinator} leads, epoch ${found.epoch}`)
    : fail(
        'cluster',
        'no coordinator leads: what runs goes on, but nothing is reassigned or applied',
        'start one: sluice-coordinator, with the same REDIS_URL and SLUICE_CLUSTER',
      );
}

function workers({ workers: views }: ClusterSnapshot): Finding[] {
  const up = views.filter(({ state }) => state === 'up');
  const cordoned = up.filter(({ member }) => member.cordoned).map(({ member }) => member.worker);
  const gone = views.filter(({ state }) => state === 'lost' || state === 'dead');
  const names = gone.map(({ member }) => `${member.worker} on ${member.host}`).join(', ');
  return [
    up.length > 0
      ? ok('cluster', `${up.length} of ${views.length} workers are up`)
      : fail(
          'cluster',
          'no worker is up',
          'start one: sluice-worker, with the same REDIS_URL and SLUICE_CLUSTER',
        ),
    ...(cordoned.length > 0 ? [cordons(cordoned, up.length)] : []),
    ...(gone.length > 0
      ? [
          warn(
            'cluster',
            `not heard of: ${names}`,
            'look whether they run and reach Redis; started again, they take part again',
          ),
        ]
      : []),
  ];
}

function cordons(names: readonly string[], up: number): Finding {
  // Then nothing new runs, nor anything that a worker leaves behind: there is nobody to take it.
  if (names.length === up) {
    return fail(
      'cluster',
      `every worker that is up is cordoned, so that nothing new is run: ${names.join(', ')}`,
      'uncordon one: sluice uncordon NAME; or start another: sluice-worker',
    );
  }
  return warn(
    'cluster',
    `cordoned, so that they are given nothing new: ${names.join(', ')}`,
    'if that is not wanted any more: sluice uncordon NAME',
  );
}

function connectors({ connectors: views }: ClusterSnapshot): Finding[] {
  const failed = [...views.values()].filter(({ connector, tasks }) =>
    [connector, ...tasks].some(({ state }) => state === 'FAILED'),
  );
  if (failed.length === 0) return [ok('cluster', `none of ${views.size} connectors has FAILED`)];
  const names = failed.map(({ record }) => record.name).join(', ');
  return [
    warn(
      'cluster',
      `FAILED, or with tasks that have: ${names}`,
      "see why: sluice describe NAME; when it is mended: sluice restart '*' --failed",
    ),
  ];
}

function otherLogs({ workers: views }: ClusterSnapshot, log: string): Finding[] {
  const others = views.filter(({ member, state }) => state === 'up' && member.log !== log);
  const [first] = others;
  if (!first) return [];
  return [
    warn(
      'log',
      `this command is set to the log on ${log}, ${others.length} workers to that on ${first.member.log}`,
      'set KAFKA_BROKERS and its like here as for the workers',
    ),
  ];
}

/** What workers have announced: connectors, and what their packages bring besides. */
function plugins({
  workers: views,
  connectors: defined,
  plugins: known,
}: ClusterSnapshot): Finding[] {
  const up = views.filter(({ state }) => state === 'up');
  if (up.length === 0) return [];
  const findings: Finding[] = [];
  for (const { member } of up) {
    for (const { class: name, error } of member.plugins) {
      if (error === undefined) continue;
      findings.push(
        fail(
          'plugins',
          `${name} does not load on ${member.worker}: ${error.split('\n')[0] ?? ''}`,
          'mend the module or package; a module of SLUICE_PLUGINS also needs a start of the worker',
        ),
      );
    }
  }
  for (const name of new Set(known.map((each) => each.class))) {
    // Of several versions the newest is what a definition without one runs.
    const versions = new Map(
      up.flatMap(({ member }) => {
        const all = member.plugins.filter((each) => each.class === name && !each.error);
        const plugin = newestInRange(all, undefined);
        return plugin ? [[member.worker, plugin.version]] : [];
      }),
    );
    const without = up.filter(({ member }) => !versions.has(member.worker));
    if (without.length > 0) {
      const names = without.map(({ member }) => member.worker).join(', ');
      const remedy = `give all workers the same SLUICE_PLUGINS and SLUICE_PLUGIN_PATH: its tasks run on ${versions.size} of ${up.length} only`;
      findings.push(warn('plugins', `${name} is not on ${names}`, remedy));
    }
    if (new Set(versions.values()).size > 1) {
      const each = [...versions].map(([worker, version]) => `${version} on ${worker}`).join(', ');
      const remedy = 'install one version on all: which one a task gets is chance';
      findings.push(warn('plugins', `${name} is there in several versions: ${each}`, remedy));
    }
  }
  for (const { record } of defined.values()) {
    const written = record.config['connector.class'] ?? '';
    if (known.some((each) => each.class === written || each.aliases.includes(written))) continue;
    findings.push(
      fail(
        'plugins',
        `connector ${record.name} needs ${written}, which no worker has`,
        'add its module to SLUICE_PLUGINS of the workers, or its package to their SLUICE_PLUGIN_PATH',
      ),
    );
  }
  if (findings.length > 0) return findings;
  return [ok('plugins', `all ${up.length} workers have the same ${known.length} plugins`)];
}

function protocols({ workers: views, protocol }: ClusterSnapshot): Finding[] {
  if (protocol === undefined) return [];
  const newest = Math.max(protocolSpoken.max, ...views.map(({ member }) => member.protocol.max));
  const behind = views.filter(({ member }) => member.protocol.max < newest);
  if (behind.length > 0) {
    const names = behind.map(({ member }) => `${member.worker} (${range(member.protocol)})`);
    return [
      warn(
        'versions',
        `version ${protocol} of the protocol is used, and ${names.join(', ')} cannot speak ${newest}`,
        'end the upgrade: start these workers with the newer release',
      ),
    ];
  }
  if (protocolSpoken.max < newest) {
    return [
      warn(
        'versions',
        `this sluice speaks ${range(protocolSpoken)} of the protocol, the workers ${newest}`,
        'install the release that the workers run',
      ),
    ];
  }
  return [ok('versions', `all speak version ${protocol} of the protocol, which is used`)];
}

function range({ min, max }: ProtocolRange): string {
  return min === max ? `${max}` : `${min} to ${max}`;
}
