/**
 * Which requests can be decided and written together: those that follow each other and are about different connectors
 * or workers, so that none of them changes what another one is decided on. Pure.
 */
import type { RequestBody, StoredRequest } from './requests.ts';

/** Definitions written without a pause: they keep the store from everything else for some milliseconds. */
const definitionsMax = 100;

/** In their order. One that is too large for a group, or that nobody can read, is alone. */
export function* independentGroups(
  requests: readonly StoredRequest[],
): Generator<readonly StoredRequest[]> {
  let group: StoredRequest[] = [];
  let known = new Set<string>();
  for (const request of requests) {
    const subjects = subjectsOf(request.body);
    const fits =
      subjects !== undefined &&
      known.size + subjects.length <= definitionsMax &&
      !subjects.some((subject) => known.has(subject));
    if (group.length > 0 && !fits) {
      yield group;
      group = [];
      known = new Set();
    }
    group.push(request);
    for (const subject of subjects ?? []) known.add(subject);
    if (subjects) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

/** What a request may change, or look at. Undefined: it is malformed, or of an unknown kind. */
function subjectsOf(body: RequestBody): readonly string[] | undefined {
  switch (body.op) {
    case 'apply':
      return Array.isArray(body.definitions)
        ? subjectsNamed(
            'connector',
            body.definitions.map((definition) => definition?.name),
          )
        : undefined;
    case 'delete':
    case 'target':
    case 'restart':
      return subjectsNamed('connector', [body.connector]);
    case 'drain':
    case 'cordon':
    case 'uncordon':
      return subjectsNamed('worker', [body.worker]);
    default:
      return undefined;
  }
}

/** Anybody who has the store may have written them. */
function subjectsNamed(kind: string, names: readonly unknown[]): readonly string[] | undefined {
  return names.every((name) => typeof name === 'string')
    ? names.map((name) => `${kind} ${name}`)
    : undefined;
}
