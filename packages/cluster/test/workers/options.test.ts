import { expect, test } from '@jest/globals';

import { memory } from '../../src/index.ts';
import { Workers } from '../../src/workers.ts';
import { execArgvOf } from '../../src/workers/worker-process.ts';

const given = { id: 'workers', program: new URL(import.meta.url) };

/** Options as a program without types may give them. */
const spec = (changes: object): unknown =>
  Workers.childSpec({ ...given, ...changes } as unknown as typeof given);

test('workers are a supervisor, each of whose children has the limit', () => {
  expect(Workers.childSpec({ ...given, shutdown: 5000, restart: 'transient' })).toMatchObject({
    id: 'workers',
    restart: 'transient',
    shutdown: Infinity,
    type: 'supervisor',
  });
});

test.each([
  [
    'a relative path',
    { program: './feeds.ts' },
    'Expected program to be a file: URL or an absolute path, such as new URL(\'./feeds.js\', import.meta.url), got "./feeds.ts"',
  ],
  [
    'a URL of another kind',
    { program: new URL('https://example.com/feeds.js') },
    'Expected program to be a file: URL or an absolute path, such as new URL(\'./feeds.js\', import.meta.url), got "https://example.com/feeds.js"',
  ],
  ['no worker', { count: 0 }, 'Expected count to be a whole number from 1 to 1024, got 0'],
  ['half a worker', { count: 1.5 }, 'Expected count to be a whole number from 1 to 1024, got 1.5'],
  [
    'a billion workers',
    { count: 1e9 },
    'Expected count to be a whole number from 1 to 1024, got 1000000000',
  ],
  [
    'a store that processes cannot share',
    { store: memory() },
    'Expected store to be one that processes share, such as sqlite(file) or postgres(url), got memory()',
  ],
  [
    'U+0000 in args',
    { args: ['a\0'] },
    'Expected args to be a list of texts without U+0000, got [',
  ],
  [
    'U+0000 in a path',
    { program: '/a\0b' },
    'Expected program to be a file: URL or an absolute path',
  ],
  ['numbers as args', { args: [1] }, 'Expected args to be a list of texts without U+0000, got [1]'],
  [
    'no store',
    { store: 'cluster.db' },
    'Expected store to be a store, such as memory() or postgres(url), got "cluster.db"',
  ],
  [
    'no function',
    { onMessage: {} },
    'Expected onMessage to be a function (message, worker) => void, got {}',
  ],
  [
    'no intensity',
    { maxRestarts: -1 },
    'Expected maxRestarts to be a whole number from 0 on, got -1',
  ],
  ['no period', { maxSeconds: 0 }, 'Expected maxSeconds to be above 0, got 0'],
  [
    'a misspelt option',
    { counts: 2 },
    'Expected an option of Workers.childSpec, got `counts`: did you mean `count`?',
  ],
  [
    'no shutdown',
    { shutdown: -1 },
    `Expected shutdown of child "workers" to be milliseconds from 0 on, Infinity or 'brutalKill', got -1`,
  ],
])('options that cannot be meant are refused: %s', (_, changes, message) => {
  expect(() => spec(changes)).toThrow(message);
});

test.each<[own: readonly string[], worker: readonly string[]]>([
  [
    ['--conditions=@reprise/source', '--import', './a.ts'],
    ['--conditions=@reprise/source', '--import', './a.ts'],
  ],
  [['--input-type=module', '-e', 'start()', '--no-warnings'], ['--no-warnings']],
  [['--print', 'start()'], []],
  [['--eval=start()'], []],
  [['--input-type', 'module', '--eval', 'start()', '--no-warnings'], ['--no-warnings']],
  [
    [
      '--watch',
      '--watch-path=.',
      '--watch-path',
      'src',
      '--watch-preserve-output',
      '--no-warnings',
    ],
    ['--no-warnings'],
  ],
])('a worker of node %j runs its program, and not the text of the parent', (own, worker) => {
  expect(execArgvOf(own)).toEqual(worker);
});
