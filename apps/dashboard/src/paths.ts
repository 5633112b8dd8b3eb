/** The addresses of the pages, and how the parts of one are read. Pure. */

export const connectorTabs = [
  'tasks',
  'configuration',
  'offsets',
  'topics',
  'dead-letters',
  'events',
  'logs',
] as const;
export type ConnectorTab = (typeof connectorTabs)[number];

export const eventsTabs = ['latest', 'tasks', 'errors'] as const;
export type EventsTab = (typeof eventsTabs)[number];

export type Page =
  | { readonly page: 'overview' | 'connectors' | 'tasks' | 'workers' | 'placement' | 'create' }
  | { readonly page: 'events'; readonly tab: EventsTab }
  | { readonly page: 'connector'; readonly name: string; readonly tab: ConnectorTab }
  | { readonly page: 'unknown' };

const simplePages = ['connectors', 'tasks', 'workers', 'placement', 'create'] as const;

export function parsePath(path: string): Page {
  const [first = '', second, third] = path.split('/').slice(1).map(decoded);
  if (first === '') return { page: 'overview' };
  if (first === 'events') {
    return { page: 'events', tab: eventsTabs.find((each) => each === second) ?? 'latest' };
  }
  if (first === 'connectors' && second !== undefined && second !== '') {
    const tab = connectorTabs.find((each) => each === third) ?? 'tasks';
    return { page: 'connector', name: second, tab };
  }
  const simple = simplePages.find((each) => each === first);
  return simple ? { page: simple } : { page: 'unknown' };
}

/** What is no encoding is taken as it stands: an address is typed by hand as well. */
function decoded(part: string): string {
  if (/^=\.{1,2}$/.test(part)) return part.slice(1);
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/**
 * A name as a part of an address. Browsers take `.` and `..` for steps, however they are encoded, and so they get a sign in
 * front, which no other name has: it would be encoded.
 */
export function addressPart(name: string): string {
  return name === '.' || name === '..' ? `=${name}` : encodeURIComponent(name);
}

export function connectorPath(name: string, tab?: ConnectorTab): string {
  const path = `/connectors/${addressPart(name)}`;
  return tab === undefined || tab === 'tasks' ? path : `${path}/${tab}`;
}

export function createPath(className: string): string {
  return `/create?class=${encodeURIComponent(className)}`;
}

export function workersPath(state: string): string {
  return `/workers?state=${state}`;
}

export function tasksPath(filter: {
  readonly state?: string;
  readonly connector?: string;
  readonly worker?: string;
  readonly task?: string;
}): string {
  const query = new URLSearchParams(
    Object.entries(filter).filter((entry): entry is [string, string] => entry[1] !== undefined),
  ).toString();
  return query === '' ? '/tasks' : `/tasks?${query}`;
}
