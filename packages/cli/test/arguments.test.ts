import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { parseArguments } from '../src/arguments.ts';
import { certificate, key } from './support/server.ts';

const url = 'https://example.com/events';

function optionsOf(...args: readonly string[]): unknown {
  const task = parseArguments(['tail', ...args]);
  return task.type === 'tail' ? task.options : task;
}

function file(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'reprise-')), 'file');
  writeFileSync(path, text);
  return path;
}

describe('tail', () => {
  test('without options changes nothing about the client', () => {
    expect(optionsOf()).toEqual({
      urls: [],
      quiet: false,
      count: Infinity,
      format: { type: 'text', timestamps: false },
      client: {},
      observer: { isAsked: false },
    });
  });

  test('takes options before, between and after URLs', () => {
    expect(optionsOf('--json', url, '--count', '3', `${url}/2`, '--quiet')).toMatchObject({
      urls: [url, `${url}/2`],
      format: { type: 'json' },
      quiet: true,
      count: 3,
    });
  });

  test('turns seconds into milliseconds', () => {
    const times = ['--idle-timeout', '45', '--min-delay', '.25', '--max-delay', '1.5'];
    expect(optionsOf(...times)).toMatchObject({
      client: { idleTimeout: 45_000, minDelay: 250, maxDelay: 1500 },
    });
  });

  test('shares its streams by a file, or by a Postgres', () => {
    expect(optionsOf('--store', 'f.db', '--node', 'a', '--workers', '2', url)).toMatchObject({
      node: { place: { type: 'file', file: 'f.db' }, name: 'a', workers: 2 },
    });
    expect(optionsOf('--store', 'postgres://host/db', url)).toMatchObject({
      node: { place: { type: 'postgres', url: 'postgres://host/db' } },
    });
  });

  test('keeps the values of a header that is given twice, in any case', () => {
    expect(optionsOf('--header', 'A: b:c', '--header', 'a:d', '--header', 'empty:')).toMatchObject({
      client: { headers: { a: ['b:c', 'd'], empty: [''] } },
    });
  });

  test('reads the files of --ca, --cert, --key and of --data @FILE', () => {
    const files = ['--ca', certificate, '--cert', certificate, '--key', key];
    expect(optionsOf(...files, '--data', `@${file('data')}`)).toMatchObject({
      client: {
        tls: {
          ca: readFileSync(certificate, 'utf8'),
          cert: readFileSync(certificate, 'utf8'),
          key: readFileSync(key, 'utf8'),
        },
        body: Buffer.from('data'),
        method: 'POST',
      },
    });
  });
});

test.each([
  [['localhost:80'], 'Expected a URL such as https://example.com/events, got "localhost:80"'],
  [
    ['ftp://example.com/'],
    'Expected a URL such as https://example.com/events, got "ftp://example.com/"',
  ],
  [['--count', '0'], 'Expected --count to be a whole number from 1 on, got "0"'],
  [['--count', '-5'], 'Expected --count to be a whole number from 1 on, got "-5"'],
  [['--count', '1.5'], 'Expected --count to be a whole number from 1 on, got "1.5"'],
  [['--count', '1e3'], 'Expected --count to be a whole number from 1 on, got "1e3"'],
  [
    ['--count', '99999999999999999999'],
    'Expected --count to be a whole number from 1 on, got "99999999999999999999"',
  ],
  [['--max-attempts', ''], 'Expected --max-attempts to be a whole number from 1 on, got ""'],
  [
    ['--idle-timeout', '0'],
    'Expected --idle-timeout to be seconds above 0, such as 2 or 0.5, got "0"',
  ],
  [['--min-delay', '1s'], 'Expected --min-delay to be seconds above 0, such as 2 or 0.5, got "1s"'],
  [['--max-delay', '-1'], 'Expected --max-delay to be seconds above 0, such as 2 or 0.5, got "-1"'],
  [
    ['--min-delay', '3', '--max-delay', '2'],
    'Expected --min-delay to be at most --max-delay (2), got "3"',
  ],
  [['--header', 'no colon'], `Expected --header to be 'Name: value', got "no …"`],
  [['--header', ': x'], `Expected --header to be 'Name: value', got ": …"`],
  [['--header', 'a b: x'], `Expected --header to be 'Name: value', got "a …"`],
  [['--header', 'a: x\r\nb: y'], `Expected --header to be 'Name: value', got "a: …"`],
  [['--last-event-id', 'a\nb'], String.raw`Expected --last-event-id to be one line, got "a\nb"`],
  [
    ['--method', 'FETCH IT'],
    'Expected --method to be an HTTP method such as GET or POST, got "FETCH IT"',
  ],
  [
    ['--method', 'get', '--data', 'x'],
    'Expected --method to be one that carries --data, such as POST, got "get"',
  ],
  [['--ca', key], `Expected --ca to name a PEM file of certificates, got ${JSON.stringify(key)}`],
  [['--cert', 'x'], 'Expected --cert and --key together, got "--cert"'],
  [['--key', 'x'], 'Expected --cert and --key together, got "--key"'],
  [
    ['--cuont', '3'],
    `Expected options that 'reprise tail --help' lists, got --cuont (Did you mean --count?)`,
  ],
  [['--dedupe', 'http://a/'], 'Expected --dedupe together with --cursor, got "--dedupe alone"'],
  [['--cursor', 'c.db'], 'Expected a URL with --cursor, got none'],
  [
    ['--cursor', 'c.db', 'http://a/', 'http://a/'],
    'Expected each URL once with --cursor, got "http://a/"',
  ],
  [['--node', 'a', 'http://a/'], 'Expected --node together with --store, got "--node alone"'],
  [
    ['--workers', '2', 'http://a/'],
    'Expected --workers together with --store, got "--workers alone"',
  ],
  [
    ['--store', 'f.db', '--workers', '0', 'http://a/'],
    'Expected --workers to be a whole number from 1 to 1024, got "0"',
  ],
  [
    ['--store', 'f.db', '--workers', '99999999', 'http://a/'],
    'Expected --workers to be a whole number from 1 to 1024, got "99999999"',
  ],
  [
    ['--store', 'f.db', '--workers', '2', '--bearer', '@.', 'http://a/'],
    'Expected --bearer to name a regular file with --workers, got "."',
  ],
  [
    ['--store', 'f.db', '--workers', '2', '--bearer', '@-', 'http://a/'],
    'Expected --bearer to name a regular file with --workers, got "-"',
  ],
  [
    ['--store', 'f.db', '--workers', '2', '--key', '.', 'http://a/'],
    'Expected --key to name a regular file with --workers, got "."',
  ],
  [['--store', 'f.db'], 'Expected a URL with --store, got "none"'],
  [
    ['--store', 'f.db', 'http://a/', 'http://x:y@a/'],
    'Expected each URL once with --store, got "http://a/"',
  ],
  [
    ['--store', 'mysql://x:S3CRET@a/b', 'http://a/'],
    'Expected --store to be a file or a URL such as postgres://host/database, got "mysql://a/b"',
  ],
  ...['postgres:joe:S3CRET@a/b', 'POSTGRES://joe:S3CRET@a/b'].map((store): [string[], string] => [
    ['--store', store, 'http://a/'],
    'Expected --store to be a URL such as postgres://host/database, got one that begins otherwise',
  ]),
  [
    ['--store', 'f.db', '--node', 'x'.repeat(1001), 'http://a/'],
    `Expected --node to be a name of 1 to 1000 bytes, got "${'x'.repeat(1001)}"`,
  ],
  [
    ['--store', ':memory:', 'http://a/'],
    'Expected --store to be a file or a URL such as postgres://host/database, got ":memory:"',
  ],
  [
    ['--store', 'f.db', '--cursor', 'c.db', 'http://a/'],
    'Expected either --store or --cursor, got "--store and --cursor"',
  ],
  [
    ['--store', 'f.db', '--exec', 'cat', 'http://a/'],
    'Expected either --store or --exec, got "--store and --exec"',
  ],
  [
    ['--store', 'f.db', '--workers', '2', '--data', '-', 'http://a/'],
    'Expected --data to name a regular file with --workers, got "-"',
  ],
  [['--count'], `Expected a value, as in '--count <N>', got none`],
])('tail %j is bad usage', (args, text) => {
  expect(parseArguments(['tail', ...args])).toEqual({
    type: 'misuse',
    text: `${text}\n`,
    status: 2,
  });
});

test.each([file('none'), certificate])(
  'a --key whose file is no key, or not the key of --cert, is bad usage',
  (other) => {
    expect(optionsOf('--cert', certificate, '--key', other)).toEqual({
      type: 'misuse',
      text: expect.stringMatching(
        /^Expected --cert and --key to name PEM files that belong together, got /,
      ),
      status: 2,
    });
  },
);

test.each(['--data', '--ca'])('%s with a file that cannot be read is bad usage', (flag) => {
  const missing = join(tmpdir(), 'reprise-there-is-no-such-file');
  const value = flag === '--data' ? `@${missing}` : missing;
  expect(optionsOf(flag, value)).toEqual({
    type: 'misuse',
    text: expect.stringMatching(
      new RegExp(`^Expected ${flag} to name a file that can be read, got .*ENOENT`),
    ),
    status: 2,
  });
});

test.each([
  [[], `Expected a command, as in 'reprise tail URL', got none\n`],
  [['tial'], `Expected a command, as in 'reprise tail URL', got tial (Did you mean tail?)\n`],
  [
    ['--bearr', 'x', 'http://a/'],
    `Expected a command, as in 'reprise tail URL', got --bearr (Did you mean reprise tail --bearer?)\n`,
  ],
  [
    ['--bearer', 'x', 'http://a/'],
    `Expected a command, as in 'reprise tail URL', got --bearer (Did you mean reprise tail --bearer?)\n`,
  ],
  [
    ['--header=X-Own:s3cret'],
    `Expected a command, as in 'reprise tail URL', got --header (Did you mean reprise tail --header?)\n`,
  ],
  [['-HX-Own:s3cret'], `Expected a command, as in 'reprise tail URL', got -H\n`],
  [
    ['tail', '--headr=X-Own:s3cret'],
    `Expected options that 'reprise tail --help' lists, got --headr\n`,
  ],
  [['--zzzzzz'], `Expected a command, as in 'reprise tail URL', got --zzzzzz\n`],
])('reprise %j is bad usage', (args, text) => {
  expect(parseArguments(args)).toEqual({ type: 'misuse', text, status: 2 });
});

test.each([[['--help']], [['tail', '--help']], [['--version']], [['tail', '--version']]])(
  'reprise %j is answered on stdout',
  (args) => {
    expect(parseArguments(args)).toEqual({ type: 'print', text: expect.stringMatching(/\n$/) });
  },
);
