/**
 * Passwords within other values: in URLs (`//user:password@host`) and as named parts (`?password=…`, `;pwd=…`). One place
 * for what the API shows, what the command line prints and what a trace keeps. Each pass is linear: anybody may send text.
 */
import { isSecretKey } from './redact.ts';

/** What is shown in place of a secret. */
export const hiddenText = '[hidden]';

export function withoutPasswords(text: string): string {
  return replacePasswords(text, () => hiddenText);
}

/** The passwords in it, also as they are when what encodes them in a URL is undone. */
export function passwordsIn(text: string): string[] {
  const passwords = new Set<string>();
  replacePasswords(text, (password) => {
    passwords.add(password);
    passwords.add(decoded(password));
    return hiddenText;
  });
  return [...passwords];
}

/** What only says where a password is kept. */
const reference = /^\$\{[^{}]*\}$/;

function replacePasswords(text: string, replace: (password: string) => string): string {
  const replacement = (password: string): string =>
    password === '' || reference.test(password) ? password : replace(password);
  // First: a password after ? may hold an @, which would end that of a user.
  const withoutNamed = text.replace(namedPart, (part: string, name: string, password: string) =>
    isSecretKey(name) || /pwd$/i.test(name) ? `${name}=${replacement(password)}` : part,
  );
  return withoutNamed.replace(/\S+/g, (word) => replaceInUrls(word, replacement));
}

/** `name=value` of a URL, or of what drivers call a connection string; a value may be quoted. */
const namedPart =
  /(?<=^|[?&;,\s])([\w.-]{1,128})=('[^']{0,256}'|"[^"]{0,256}"|\{[^}]{0,256}\}|[^&;\s]*)/g;

/** `word`: without space. A password ends at the last @ of its host; one that is not encoded may hold slashes. */
function replaceInUrls(word: string, replacement: (password: string) => string): string {
  if (!word.includes('@')) return word;
  const nextAt = finder(word, '@');
  const nextUrl = finder(word, '://');
  let replaced = '';
  let done = 0;
  for (let slashes = word.indexOf('//'); slashes >= 0; ) {
    const from = slashes + 2;
    const [authority = ''] = /^[^/?#]*/.exec(word.slice(from)) ?? [];
    const colon = authority.indexOf(':');
    const at = authority.lastIndexOf('@');
    const end = from + authority.length;
    let next = slashes + 1;
    if (colon >= 0) {
      const until = at > colon ? from + at : nextAt(end) < nextUrl(end) ? nextAt(end) : 0;
      if (until > 0) {
        const begin = from + colon + 1;
        replaced += word.slice(done, begin) + replacement(word.slice(begin, until));
        done = until;
        next = until;
      }
    }
    slashes = word.indexOf('//', next);
  }
  return replaced + word.slice(done);
}

/** Where `what` is next, or Infinity; asked in rising order it reads the text once. */
function finder(text: string, what: string): (from: number) => number {
  let found = -1;
  return (from) => {
    if (found < from) {
      const index = text.indexOf(what, from);
      found = index < 0 ? Infinity : index;
    }
    return found;
  };
}

function decoded(password: string): string {
  const bare = password.replace(/^(['"{])(.*)['"}]$/s, '$2');
  try {
    return decodeURIComponent(bare);
  } catch {
    return bare;
  }
}
