import { describe, expect, test } from '@jest/globals';

import { createRedaction, defaultRedaction } from '../../src/shown/redaction.ts';

const { redact, hides } = defaultRedaction;

describe('a text is shown without', () => {
  test.each([
    ['the user and password of a URL', 'GET https://joe:SECRET@host/a', 'GET https://host/a'],
    ['a password with an @', 'https://joe:SEC@RET@host/a', 'https://host/a'],
    ['a user alone', 'https://SECRET@host/', 'https://host/'],
    ['a token in a query', 'http://h/?token=SECRET&a=1', 'http://h/?token=[redacted]&a=1'],
    ['a key in a query', 'http://h/?a=1&api_key=SECRET', 'http://h/?a=1&api_key=[redacted]'],
    ['a signature', 'http://h/?X-Amz-Signature=SECRET', 'http://h/?X-Amz-Signature=[redacted]'],
    ['a code', 'http://h/?code=SECRET', 'http://h/?code=[redacted]'],
    ['a name that is encoded', 'http://h/?%74oken=SECRET', 'http://h/?%74oken=[redacted]'],
    ['a token in a fragment', 'http://h/#access_token=SECRET', 'http://h/#access_token=[redacted]'],
    [
      'a token that is the fragment',
      'observer http://127.0.0.1:4141/#DpS3cret-4xQ_SECRET9zLkP',
      'observer http://127.0.0.1:4141/#[redacted]',
    ],
    ['a bearer token', 'sent Bearer SECRET.a-b_c', 'sent Bearer [redacted]'],
    [
      'a JSON Web Token in free text',
      'signed eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJTRUNSRVQifQ.U0VDUkVU-_, twice',
      'signed [redacted], twice',
    ],
    ['one without a signature', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJTRUNSRVQifQ.', '[redacted]'],
    ['the id of a session', 'sessionId=SECRET', 'sessionId=[redacted]'],
    ['basic credentials', 'sent Basic U0VDUkVU==', 'sent Basic [redacted]'],
    [
      'a header',
      'Authorization: Digest SECRET\nAccept: */*',
      'Authorization: [redacted]\nAccept: */*',
    ],
    ['a cookie', 'set-cookie: sid=SECRET; Path=/', 'set-cookie: [redacted]'],
    ['a field of JSON', '{"client_secret":"SECRET","a":1}', '{"client_secret":"[redacted]","a":1}'],
    ['a field of an inspected object', `{ apiKey: 'SECRET' }`, `{ apiKey: '[redacted]' }`],
    ['a field after another colon', 'Error: password: SECRET', 'Error: password: [redacted]'],
    ['a field after the name of an error', 'E: apiKey=SECRET, b', 'E: apiKey=[redacted], b'],
    [
      'one after several',
      'Error: at login: "pwd": "SECRET"',
      'Error: at login: "pwd": "[redacted]"',
    ],
    ['a pass', 'login pass=SECRET, done', 'login pass=[redacted], done'],
    ['a field in a text in JSON', '{"m":"it: pwd=SECRET"}', '{"m":"it: pwd=[redacted]"}'],
    ['an option', 'psql --password SECRET -h db', 'psql --password [redacted] -h db'],
    ['an option in quotes', `run --token "SECRET SECRET" x`, `run --token "[redacted]" x`],
    [
      'a field of JSON within JSON',
      String.raw`{"body":"{\"password\":\"SEC\\\"RET\",\"a\":1}"}`,
      String.raw`{"body":"{\"password\":\"[redacted]\",\"a\":1}"}`,
    ],
    [
      'a URL within a query',
      'http://h/?to=https%3A%2F%2Fjoe%3ASECRET%40host%2Fa%40b',
      'http://h/?to=https%3A%2F%2Fhost%2Fa%40b',
    ],
    ['one that is encoded twice', 'https%253A%252F%252FSECRET%2540h', 'https%253A%252F%252Fh'],
    [
      'a private key',
      '-----BEGIN PRIVATE KEY-----\nSECRET\n-----END PRIVATE KEY-----\nend',
      '-----BEGIN PRIVATE KEY----- [redacted]\nend',
    ],
  ])('%s', (_, text, shown) => {
    expect(redact(text)).toBe(shown);
  });

  test.each([
    'status 403',
    'http://host:80/path?a=1&since=7#top',
    'https://example.com/docs#2-what-is-kept-after-a-crash',
    'https://example.com/Docs2#How-a-Stream-is-Kept',
    'joe@example.com wrote // a comment',
    '{"usage":{"completion_tokens":12}}',
    `Unexpected token 'o', "no json" is not valid JSON`,
    'ECONNREFUSED 127.0.0.1:80',
    'bypass=1, compass: north, passed: 7',
    'http://h/?to=https%3A%2F%2Fhost%2Fjoe%40example.com',
    'try --verbose now -- or --tokens 5',
    '--bearer and --header send credentials, --token is one, --password or --cert',
    'eyJhbGci is the start of many, and keyJar.open.now is none',
  ])('no more than that: %s', (text) => {
    expect(redact(text)).toBe(text);
  });
});

test.each([
  'password',
  'PASSPHRASE',
  'clientSecret',
  'access_token',
  'Authorization',
  'set-cookie',
  'x-api-key',
  'privateKey',
  'pfx',
  'authKey',
  'session',
  'session_id',
  'card',
  'cardNumber',
  'creditCard',
  'cvv',
  'pass',
  'smtpPass',
  'db_pass',
  'DB_PASS',
  'sessionKey',
  'master_key',
  'creds',
  'csrf',
])('the value of a field %s is hidden', (name) => {
  expect(hides(name)).toBe(true);
});

test.each([
  'key',
  'code',
  'keyboard',
  'author',
  'tokens',
  'tokenCount',
  'id',
  'passed',
  'sessions',
  'sessionCount',
  'discard',
  'cardinality',
  'inside',
  'bypass',
  'compass',
  'passes',
  'passenger',
])('the value of a field %s is not hidden', (name) => {
  expect(hides(name)).toBe(false);
});

test.each([
  '--password ',
  'a: "b: ',
  String.raw`a: \"b: \\\"c: `,
  String.raw`"a":\"`,
  '%2F%2F',
  '%2f%252F%40',
  '//',
  'eyJaaaaa.aa.',
  'pass=',
  '-',
  '\\',
])('a text of a megabyte is read in the time of its length: %j', (part) => {
  const text = part.repeat(1_000_000 / part.length);
  const before = process.cpuUsage();
  redact(text);
  // A pattern that tries each start to the end of the text takes minutes.
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(10_000);
});

describe('no part of a secret is in the start of a text, wherever that is cut', () => {
  const long = 'SECRET'.repeat(20);
  test.each([
    ['a password', `https://joe:${long}@host/`],
    ['a password in a query', `?to=https%3A%2F%2Fjoe%3A${long}%40host`],
    ['a JSON Web Token', `eyJhbGciOiJIUzI1NiJ9.${long}.${long}`],
    ['a token in a fragment', `http://h/#aB1${long}`],
    ['a bearer token', `Bearer ${long}`],
    ['a field', `password: "${long}"`],
    ['an option', `--password ${long}`],
    ['a private key', `-----BEGIN PRIVATE KEY-----\n${long}\n-----END PRIVATE KEY-----`],
  ])('%s', (_, secret) => {
    // What goes before them is hidden, so that more of the text is shown than there is room for.
    const hidden = `https://${'x'.repeat(950)}@h `;
    for (const before of ['', `${'y'.repeat(300)} `, hidden]) {
      const text = `${before}a ${secret} ${'z'.repeat(2000)}`;
      for (let limit = 1; limit < 600; limit += 7) {
        expect(defaultRedaction.start(text, limit)).not.toMatch(/SEC|RET/);
      }
    }
  });

  test('one that is longer than all that is read', () => {
    const endless = 'SECRET'.repeat(1000);
    for (const secret of [`https://joe:${endless}@host/`, `eyJ${endless}.${endless}.${endless}`]) {
      expect(defaultRedaction.start(`of ${secret}`, 500)).toBe(
        `of ${secret.startsWith('eyJ') ? '' : 'https:'}[redacted]`,
      );
    }
  });
});

test('the start of a text says how long that is, and keeps what is no secret', () => {
  const text = `https://example.com/${'x'.repeat(5000)}`;
  expect(defaultRedaction.clip(text, 25)).toBe('https://example.com/xxxxx… (5020 characters)');
  expect(defaultRedaction.clip(text, 5020)).toBe(text);
});

test('further names are hidden as fields and as parameters: whole names, and patterns', () => {
  const own = createRedaction(['IBAN', /^ssn/]);
  expect(own.hides('iban')).toBe(true);
  expect(own.hides('ibans')).toBe(false);
  expect(own.hides('ssnOfJoe')).toBe(true);
  expect(own.redact('http://h/?iban=SECRET&b=1 ssn: SECRET')).toBe(
    'http://h/?iban=[redacted]&b=1 ssn: [redacted]',
  );
});
