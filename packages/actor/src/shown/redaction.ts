import { startOf } from './clip.ts';

/**
 * The secrets that no report shows: the values of fields, headers and query parameters whose names
 * say that they are secret, and the parts of texts that are.
 */
export interface Redaction {
  /** Whether the value of a field of this name is hidden. */
  hides(name: string): boolean;
  /**
   * A text without its secrets: the user and password of a URL, the values of query parameters and
   * headers that hold keys, a token in the fragment, credentials after `Bearer` and the like, the
   * values of options such as `--password`, JSON Web Tokens, private keys in PEM.
   * `replace` gives the text in place of each.
   */
  redact(text: string, replace?: (secret: string) => string): string;
  /** The start of a text without its secrets: also without one that goes on where it is cut. */
  start(text: string, limit: number): string;
  /** The same, which says how long the text is. */
  clip(text: string, limit: number): string;
}

/** Further names whose values are hidden: a text for the whole name, in any case, or a pattern. */
export type SecretNames = readonly (string | RegExp)[];

/** The text in the place of a secret. */
export const redacted = '[redacted]';

/**
 * A text without its secrets, as reports show it: without the user and password of a URL, and with
 * `[redacted]`, or the text that `replace` gives, for credentials, the values of query parameters
 * such as `token` and `api_key`, and the like.
 * @example
 * ```ts
 * import { redact } from '@reprise/actor/text';
 *
 * console.log(redact('GET https://joe:secret@example.com/?token=secret')); // GET https://example.com/?token=[redacted]
 * ```
 */
export function redact(text: string, replace?: (secret: string) => string): string {
  return defaultRedaction.redact(text, replace);
}

/**
 * The first characters of a text, without its secrets. A secret must not lose its end before it is
 * known as one: so the text is cut last.
 * @example
 * ```ts
 * import { redactedStart } from '@reprise/actor/text';
 *
 * console.log(redactedStart('GET https://joe:secret@example.com/', 18)); // GET https://exampl
 * ```
 */
export function redactedStart(text: string, limit: number): string {
  return defaultRedaction.start(text, limit);
}

/** The rule, with further names. */
export function createRedaction(names: SecretNames = []): Redaction {
  const isNamed = (name: string): boolean => names.some((one) => matches(one, name));
  const hides = (name: string): boolean =>
    name.length <= longestName && (secretField.test(name) || passField.test(name) || isNamed(name));
  const withoutThem: Redaction['redact'] = (text, replace = () => redacted) => {
    const isKey = (name: string): boolean => secretParameter.test(name) || isNamed(name);
    return mayHoldSecrets.test(text) ? withoutSecrets(text, hides, isKey, replace) : text;
  };
  const start = (text: string, limit: number): string => {
    if (text.length <= limit) {
      return withoutThem(text);
    }
    // A little more than is shown, for the ends of the secrets in it.
    const some = startOf(text, limit + margin);
    const whole = some.length < text.length ? some.replace(openEnd, redacted) : some;
    return startOf(withoutThem(whole), limit);
  };
  const clip = (text: string, limit: number): string =>
    start(text, limit) + (text.length > limit ? `… (${text.length} characters)` : '');
  return { hides, redact: withoutThem, start, clip };
}

/** The rule without further names. */
export const defaultRedaction: Redaction = createRedaction();

/** A longer name names no field: patterns are not tried on it. */
const longestName = 200;

/**
 * Matches a part of the name of a field or a header. Not `tokens` or `tokenCount`, which count
 * them, nor plain `key` and `code`, which name anything.
 */
const secretField =
  /pass(?:word|wd|phrase|code)|secret|token(?!s|[-_]?(?:count|type|izer|limit))|authorization|cookie|credential|creds|[cx]srf|bearer|(?:api|auth|private|access|signing|encryption|subscription|session|master|tls|x)[-_]?key|signature|session[-_]?id|card[-_]?(?:number|no)$|(?:credit|debit)[-_]?card|^(?:pfx|pwd|jwt|auth|session|sid|card|cvc|cvv)$/i;

/** The word `pass` at the end of a name: `smtpPass`, `db_pass`, and not `bypass`. */
const passField = /(?:^|[-_])pass$|(?:^|[a-z\d_])P(?:ass|ASS)$/;

/**
 * Matches a part of the name of a query parameter: plain `key` and `code` are secrets there, too.
 */
const secretParameter =
  /pass|pwd|secret|token|key|code|auth|credential|sig(?:nature)?$|signature|session|jwt|bearer/i;

/** In characters: most secrets that begin before a cut end within so many behind it. */
const margin = 1000;

/** What may be the start of a longer secret, at the end of a text that is cut. */
const openEnd =
  /\/\/[^\s/?#"'<>\\]*$|%(?:25)?2F%(?:25)?2F(?:(?!%(?:25)?2F)[^\s/?#&"'<>\\])*$|(?<![\w.-])eyJ[\w.-]*$|#[\w-]*$|\b(?:bearer|basic)\s+\S{0,6}$/i;

/** Tested first: most texts have none of these characters and words. */
const mayHoldSecrets = /[@=:]|%(?:25)?40|--\w|bearer|basic|eyJ|PRIVATE KEY/i;

const pem =
  /-----BEGIN ([A-Z ]{0,40}PRIVATE KEY)-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g;

/** A JSON Web Token, signed or not: its head is an object in JSON, in base64. */
const webToken = /\beyJ[\w-]{5,}\.[\w-]{2,}(?:\.[\w-]*)+/g;

/** The user and password of a URL: all before the last `@` of its authority. */
const userInfo = /\/\/[^\s/?#"'<>\\]{0,2000}@/g;

/** The same in a URL that is encoded, once or twice, as in the query of another one. */
const encodedUserInfo =
  /(%(?:25)?2F%(?:25)?2F)(?:(?!%(?:25)?(?:2F|3F|23))[^\s/?#&"'<>\\]){0,2000}(?:%(?:25)?40|@)/gi;

const parameter = /([?&;#]|&amp;)([\w.~%[\]-]{1,100})=([^&\s"'<>#;]+)/g;

/**
 * A URL whose fragment is a token, as in that of an observer: it has digits and letters of both
 * cases, as no heading of a page has them.
 */
const fragment =
  /(:\/\/[^\s#"'<>]{1,2000}#)(?=[\w-]*\d)(?=[\w-]*[A-Z])(?=[\w-]*[a-z])([\w-]{20,})/g;

const scheme = /\b(bearer|basic)(\s+)[\w.~+/=:-]{6,}/gi;

/**
 * A field within a text: `name: value`, `"name":"value"`, `name=value`; no parameter. In JSON that
 * is a text within JSON, each quote has backslashes before it; one within the value has more.
 */
const field =
  /(?<![?&;#\w-])(\\{0,7}["']|)([\w-]{2,60})\1(\s{0,4}[:=]\s{0,4})("(?:[^"\\\n]|\\.)*"?|'[^'\n]*'?|(\\{1,7}")(?:(?!(?<!\\)\5)[^\n])*(?:\5)?|[^\s"',;&}\])]+)/g;

/** An option of a command line, and its value: `--password value`. Not in a sentence about it. */
const option =
  /(?<![\w-])(--[\w-]{2,60}\s{1,4})("[^"\n]*"?|'[^'\n]*'?|(?!--|(?:and|or|is)\s)[^\s"']+)/g;

/** Headers whose whole line is one secret. */
const wholeLine =
  /\b((?:proxy-)?authorization|(?:set-)?cookie|(?:www|proxy)-authenticate)(["']?\s{0,4}:\s{0,4})(?!["'\s])[^\n]+/gi;

function withoutSecrets(
  text: string,
  isField: (name: string) => boolean,
  isParameter: (name: string) => boolean,
  replace: (secret: string) => string,
): string {
  const rest = text
    .replaceAll(pem, (all: string, kind: string) => `-----BEGIN ${kind}----- ${replace(all)}`)
    .replaceAll(userInfo, '//')
    .replaceAll(encodedUserInfo, '$1')
    .replaceAll(webToken, (all: string) => replace(all))
    .replaceAll(parameter, (all: string, mark: string, name: string, value: string) =>
      isParameter(decoded(name)) ? `${mark}${name}=${replace(value)}` : all,
    )
    .replaceAll(fragment, (_: string, before: string, token: string) => before + replace(token))
    .replaceAll(
      wholeLine,
      (all: string, name: string, colon: string) => `${name}${colon}${replace(all)}`,
    )
    .replaceAll(
      scheme,
      (all: string, name: string, space: string) => `${name}${space}${replace(all)}`,
    )
    .replaceAll(option, (all: string, name: string, value: string) =>
      isField(name.trimEnd()) ? name + quoted(value, replace(value)) : all,
    );
  return withoutFields(rest, isField, replace);
}

/** Not by `replace`: the value of a harmless field may hold a secret: `Error: password: secret`. */
function withoutFields(
  text: string,
  isField: (name: string) => boolean,
  replace: (secret: string) => string,
): string {
  const pattern = new RegExp(field);
  let shown = '';
  let from = 0;
  for (let found = pattern.exec(text); found !== null; found = pattern.exec(text)) {
    const [all, , name = '', , value = ''] = found;
    const start = all.length - value.length;
    if (isField(name) && !isHidden(value)) {
      shown += text.slice(from, found.index + start) + quoted(value, replace(value));
      from = pattern.lastIndex;
    } else if (/\s$/.test(all.slice(0, start)) || openingQuote.test(value)) {
      // A value without quotes holds no white space, and none with quotes goes on after the next
      // quote of its kind: no text is read more often than there are kinds.
      pattern.lastIndex = found.index + start;
    }
  }
  return shown + text.slice(from);
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function isHidden(value: string): boolean {
  return value.startsWith('[redacted');
}

const openingQuote = /^\\*["']/;

/** Quoted as the value was. */
function quoted(value: string, shown: string): string {
  const quote = openingQuote.exec(value)?.[0] ?? '';
  return `${quote}${shown}${quote}`;
}

function matches(one: string | RegExp, name: string): boolean {
  return typeof one === 'string' ? one.toLowerCase() === name.toLowerCase() : name.search(one) >= 0;
}
