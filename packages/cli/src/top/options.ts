import { expected, UsageError } from '../options/usage.ts';

/** The options as commander reads them. */
export interface GivenTopOptions {
  readonly streams?: true;
  readonly crashes?: true;
  readonly json?: true;
  readonly watch?: true;
  readonly dot?: true;
}

export type TopView = 'processes' | 'streams' | 'crashes';

/** The arguments of `reprise top`, checked. */
export interface TopOptions {
  /** Of the observer: with a slash at its end, and without the token. */
  readonly url: string;
  readonly token: string | undefined;
  readonly view: TopView;
  readonly output: 'person' | 'json' | 'jsonLines' | 'dot';
}

const defaultPort = 4141;

/** @throws a `UsageError` for the first wrong one. */
export function readTopOptions(
  target: string | undefined,
  given: GivenTopOptions,
  env: Readonly<Record<string, string | undefined>>,
): TopOptions {
  const { url, fragment } = locationOf(target ?? String(defaultPort));
  // A file that the variable was read from may end with a line feed.
  const token = [env['REPRISE_TOKEN']?.trim(), fragment].find(
    (one) => one !== undefined && one !== '',
  );
  return { url, token: checked(token), view: viewOf(given), output: outputOf(given) };
}

function locationOf(target: string): { readonly url: string; readonly fragment: string } {
  const port = /^\d{1,5}$/.test(target) ? Number(target) : undefined;
  const url = URL.parse(port === undefined ? target : `http://127.0.0.1:${port}/`);
  if (url === null || !isReachable(url)) {
    throw expected('a port, or a URL such as http://127.0.0.1:4141/', withoutFragment(target));
  }
  const path = url.pathname.endsWith('/') ? url.pathname : `${url.pathname}/`;
  return { url: `${url.origin}${path}`, fragment: url.hash.slice(1) };
}

/** Nothing listens at port 0: it is a request for any that is free. */
function isReachable({ protocol, username, password, port }: URL): boolean {
  return /^https?:$/.test(protocol) && username + password === '' && port !== '0';
}

/** The fragment is a token. */
function withoutFragment(target: string): string {
  return target.replace(/#.*/s, '#…');
}

/** It becomes a header. Its value is in no error. */
function checked(token: string | undefined): string | undefined {
  if (token !== undefined && !/^[\w.~+/=-]+$/.test(token)) {
    throw expected('a token of A-Z a-z 0-9 - . _ ~ + / =', `another text of ${token.length}`);
  }
  return token;
}

function viewOf({ streams, crashes }: GivenTopOptions): TopView {
  if (streams === true && crashes === true) {
    throw expected('either --streams or --crashes', '--streams and --crashes');
  }
  if (streams === true) {
    return 'streams';
  }
  return crashes === true ? 'crashes' : 'processes';
}

function outputOf({ json, watch, dot }: GivenTopOptions): TopOptions['output'] {
  if (json === true && dot === true) {
    throw expected('either --json or --dot', '--json and --dot');
  }
  if (watch === true && json !== true) {
    throw new UsageError('Expected --watch together with --json, got --watch alone');
  }
  if (json === true) {
    return watch === true ? 'jsonLines' : 'json';
  }
  return dot === true ? 'dot' : 'person';
}
