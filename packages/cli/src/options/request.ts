import { METHODS, validateHeaderName, validateHeaderValue } from 'node:http';

import type { ClientOptions } from './client-options.ts';
import type { GivenOptions } from './given.ts';
import { defined, expected, readFile } from './usage.ts';

/** The options of the request: method, headers, body, last event id. */
export function requestOptions(given: GivenOptions): Partial<ClientOptions> {
  const headers = headersOf(given);
  return defined({
    method: method(given),
    headers,
    body: given.data === undefined ? undefined : body(given.data),
    lastEventId: lastEventId(given.lastEventId),
    redirectHeaders:
      given.locationTrusted === true && headers !== undefined ? Object.keys(headers) : undefined,
    reconnect: given.reconnect,
  });
}

function method({ method: text, data }: GivenOptions): string | undefined {
  if (text === undefined) {
    return data === undefined ? undefined : 'POST';
  }
  const name = text.toUpperCase();
  if (!METHODS.includes(name) || name === 'CONNECT') {
    throw expected('--method to be an HTTP method such as GET or POST', text);
  }
  if (data !== undefined && (name === 'GET' || name === 'HEAD')) {
    throw expected('--method to be one that carries --data, such as POST', text);
  }
  return name;
}

type Headers = Readonly<Record<string, readonly string[]>>;

/** A header given twice is sent twice. A token from the environment gives way to a header. */
function headersOf({ header: lines = [], bearer }: GivenOptions): Headers | undefined {
  const all = new Map<string, string[]>();
  for (const [name, value] of lines.map(header)) {
    all.set(name, [...(all.get(name) ?? []), value]);
  }
  if (bearer !== undefined && !all.has('authorization')) {
    all.set('authorization', [credentials(bearer)]);
  }
  return all.size === 0 ? undefined : Object.fromEntries(all);
}

function credentials(bearer: string): string {
  const token = bearer.startsWith('@')
    ? readFile('--bearer', bearer.slice(1)).toString('utf8').trim()
    : bearer;
  if (token === '' || !isHeader('authorization', token)) {
    // The token itself stays out of the message.
    throw expected('--bearer to be a token that a header can carry', `${token.length} characters`);
  }
  return `Bearer ${token}`;
}

function header(line: string): readonly [name: string, value: string] {
  const colon = line.indexOf(':');
  const name = line.slice(0, colon).toLowerCase();
  const value = line.slice(colon + 1).trim();
  if (colon < 1 || !isHeader(name, value)) {
    // The value may be a secret, and so may all of a line without a name.
    const start = /^[^\s:]*(?::|(?=\s))/.exec(line)?.[0] ?? '';
    throw expected(`--header to be 'Name: value'`, `${start} …`.trim());
  }
  return [name, value];
}

function isHeader(name: string, value: string): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}

/** `@FILE` is the content of a file, `-` and `@-` that of stdin, as it is. */
function body(data: string): string | Uint8Array {
  if (data === '-') {
    return readFile('--data', '-');
  }
  return data.startsWith('@') ? readFile('--data', data.slice(1)) : data;
}

function lastEventId(text: string | undefined): string | undefined {
  // The client sends any character in UTF-8, but a header cannot contain a line end or U+0000.
  if (text !== undefined && /[\r\n\0]/.test(text)) {
    throw expected('--last-event-id to be one line', text);
  }
  return text;
}
