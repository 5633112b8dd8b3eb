/**
 * Order of versions as Maven has it, which is the one that Kafka Connect chooses plugins by:
 * 1.0-alpha < 1.0-rc1 < 1.0-SNAPSHOT < 1.0 = 1.0.0 < 1.0-sp < 1.0-anything < 1.0-1 < 1.0.1 < 1.1
 */

/** Digits without leading zeros, a word, or what follows a hyphen or a change between digits and letters. */
type Item =
  | { readonly kind: 'number'; readonly digits: string }
  | { readonly kind: 'word'; readonly word: string }
  | { readonly kind: 'list'; readonly items: readonly Item[] };

const qualifiers = ['alpha', 'beta', 'milestone', 'rc', 'snapshot', '', 'sp'];
const releaseRank = qualifiers.indexOf('');
const otherNames: Readonly<Record<string, string>> = { ga: '', final: '', release: '', cr: 'rc' };
/** Of a word that digits follow: 1.0-b2. */
const abbreviations: Readonly<Record<string, string>> = { a: 'alpha', b: 'beta', m: 'milestone' };

/** Below 0: `a` is older than `b`. 0: the same version, which may be written in other ways. */
export function compareVersions(a: string, b: string): number {
  return compareLists(parse(a), parse(b));
}

function parse(version: string): readonly Item[] {
  const tokens = version.toLowerCase().match(/\d+|[^\d.-]+|[.-]/g) ?? [];
  const root: Item[] = [];
  const lists: Item[][] = [root];
  let current = root;
  const open = (): void => {
    const items: Item[] = [];
    current.push({ kind: 'list', items });
    lists.push(items);
    current = items;
  };
  let before: 'separator' | 'number' | 'word' = 'separator';
  for (const [index, token] of tokens.entries()) {
    if (token === '.' || token === '-') {
      // Nothing between two separators is a zero.
      if (before === 'separator') current.push({ kind: 'number', digits: '' });
      if (token === '-' && current.length > 0) open();
      before = 'separator';
      continue;
    }
    const isNumber = /^\d/.test(token);
    if (before !== 'separator') open();
    if (isNumber) current.push({ kind: 'number', digits: token.replace(/^0+/, '') });
    else {
      const next = tokens[index + 1];
      const isAbbreviated = /^\d/.test(next ?? '');
      // 1.0.x1 is 1.0-x1.
      if ((next === undefined || isAbbreviated) && current.length > 0) open();
      const word = (isAbbreviated ? abbreviations[token] : undefined) ?? token;
      current.push({ kind: 'word', word: otherNames[word] ?? word });
    }
    before = isNumber ? 'number' : 'word';
  }
  // From the inside, so that a list which becomes empty can be left out of the one around it.
  for (const list of lists.toReversed()) trimEnd(list);
  return root;
}

/** Zeros and release words say nothing at the end, nor before a list. */
function trimEnd(items: Item[]): void {
  for (let index = items.length - 1; index >= 0; index -= 1) {
    const item = items[index];
    if (item && compareToNothing(item) === 0 && (item.kind !== 'list' || item.items.length === 0))
      items.splice(index, 1);
    else if (item?.kind !== 'list') break;
  }
}

function compareLists(a: readonly Item[], b: readonly Item[]): number {
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const [one, other] = [a[index], b[index]];
    const order = one
      ? other
        ? compareItems(one, other)
        : compareToNothing(one)
      : other
        ? -compareToNothing(other)
        : 0;
    if (order !== 0) return order;
  }
  return 0;
}

const ranks = { word: 0, list: 1, number: 2 } as const;

function compareItems(a: Item, b: Item): number {
  if (a.kind === 'number' && b.kind === 'number')
    return a.digits.length - b.digits.length || compareText(a.digits, b.digits);
  if (a.kind === 'word' && b.kind === 'word')
    return rankOf(a.word) - rankOf(b.word) || compareText(a.word, b.word);
  if (a.kind === 'list' && b.kind === 'list') return compareLists(a.items, b.items);
  return ranks[a.kind] - ranks[b.kind];
}

function compareToNothing(item: Item): number {
  switch (item.kind) {
    case 'number':
      return item.digits === '' ? 0 : 1;
    case 'word':
      return rankOf(item.word) - releaseRank;
    case 'list':
      return compareLists(item.items, []);
    default:
      return item satisfies never;
  }
}

/** An unknown word comes after all that are known. */
function rankOf(word: string): number {
  const rank = qualifiers.indexOf(word);
  return rank < 0 ? qualifiers.length : rank;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
