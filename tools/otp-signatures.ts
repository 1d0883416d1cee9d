// The tables of docs/otp.md as code that tsc compiles: a row with a function that does not exist,
// or with an argument or option that it does not take, fails the check `types`.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './root.ts';

/**
 * Most arguments are `never`, which every parameter accepts. The caller and the server have their
 * types, so their places among the arguments are checked too.
 */
const prelude = [
  "import type * as types from '@reprise/actor';",
  "import * as actor from '@reprise/actor';",
  "import * as testing from '@reprise/actor/testing';",
  'declare const x: never;',
  'declare const self: types.Receiver<unknown> & types.procLib.Starting<never>;',
  'declare const parent: types.Process, system: testing.TestSystem;',
  'interface Requests { readonly request: { readonly payload: unknown; readonly reply: unknown } }',
  'declare const server: types.GenServer.Server<Requests, Requests>;',
  'declare const child: types.ChildSpec<string, types.Pid, readonly [number]>;',
  'declare const probe: testing.Probe;',
  'type Data = types.ExitReason | types.SystemMessage | types.TimeoutMessage',
  '| types.CancelTimerMessage | types.Groups.Message | types.Registry.Change | types.Task.Result;',
].join(' ');

const typed = ['self', 'parent', 'system', 'server'];
const keywords = ['await', 'async', 'true', 'false', 'undefined'];
const inTesting = [
  'createTestSystem',
  'createProbe',
  'settle',
  'advance',
  'virtualClock',
  'provideSystemDefaults',
];
/** A user writes these; no function has their names. */
const callbacks = /^(?:init|handle\w+|terminate|formatStatus)\(/;

/** The code of each line is on the same line of the page, so an error leads to the page. */
export function otpSignatures(): string {
  const page = readFileSync(join(root, 'docs/otp.md'), 'utf8');
  // The first line is the heading.
  const [, ...lines] = page.split(/\r?\n/);
  return [prelude, ...lines.map((line) => codeIn(line).map(check).join(' '))].join('\n');
}

/** The calls and the messages in the last cell of a row. */
function codeIn(line: string): readonly string[] {
  const cell = /^\|.*[^\\]\|(.*)\|$/.exec(line)?.[1] ?? '';
  return [...cell.matchAll(/`([^`]+)`/g)]
    .map(([, code = '']) => code.replaceAll('\\|', '|'))
    .filter((code) => isCall(code) || (code.startsWith('{ type: ') && !code.includes('…')));
}

function isCall(code: string): boolean {
  return /^(?:await )?[\w.]+(?:<[^>]*>)?\(/.test(code) && !callbacks.test(code);
}

function check(code: string): string {
  const plain = withPlaceholders(withoutNotation(code));
  return code.startsWith('{')
    ? `() => (${plain}) satisfies Data;`
    : `async () => { ${withModule(plain)}; };`;
}

/** Removes the notation of the page: `…`, the marks of optional arguments, alternatives. */
function withoutNotation(code: string): string {
  return code
    .replace(/<[^>]*>\(/, '(')
    .replace(/\(…\)$/, '')
    .replaceAll(/(async )?\([\w, ]*\) => (?:\(.*?\}\)|\[.*?\]|…|\w+)/g, '$1() => x')
    .replaceAll('{ … }', 'x')
    .replaceAll(', … }', ' }')
    .replaceAll(/([\w})])\?(?=[,:)}\s])/g, '$1')
    .replaceAll(/('?\w+'?)(?: \| '?\w+'?)+/g, '$1');
}

/** Puts `x` for every argument and for every value of a property. */
function withPlaceholders(code: string): string {
  const brackets: string[] = [];
  return code.replaceAll(/'[^']*'|\w+|[{}()[\]]/g, (token, at: number) => {
    if (/[{([]/.test(token)) {
      brackets.push(token);
    } else if (/[})\]]/.test(token)) {
      brackets.pop();
    }
    const isName = /^[a-zA-Z]\w*$/.test(token) && !keywords.includes(token);
    const isPartOfCall = code[at - 1] === '.' || /^[.(]/.test(code.slice(at + token.length));
    if (!isName || isPartOfCall || brackets.length === 0) {
      return token;
    }
    const isKey = brackets.at(-1) === '{' && !code.slice(0, at).endsWith(': ');
    if (isKey) {
      return code[at + token.length] === ':' ? token : `${token}: x`;
    }
    return typed.includes(token) ? token : 'x';
  });
}

/** The module that a function is from. */
function withModule(code: string): string {
  return code.replace(/^(await )?(\w+)/, (_, before: string | undefined, name: string) => {
    const isLocal = [...typed, 'child', 'probe'].includes(name);
    const module = inTesting.includes(name) ? 'testing' : 'actor';
    return `${before ?? ''}${isLocal ? name : `${module}.${name}`}`;
  });
}
