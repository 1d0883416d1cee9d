import { describe, expect, test } from '@jest/globals';

import { runReprise } from './support/reprise.ts';
import { freePort, serve, stream } from './support/server.ts';

const secretUrl = (url: string): string =>
  `${url.replace('//', '//joe:S3CRET@')}&api_key=S3CRET#token=S3CRET`;

/** Answers with an event, or on another path with a refusal that holds the secret. */
const listener: Parameters<typeof serve>[0] = ({ url, headers }, response) => {
  if (url?.startsWith('/events') === true) {
    stream(response, 'id: 1\ndata: x\n\n');
  } else {
    response.writeHead(403, { 'set-cookie': 'S3CRET' }).end(headers.authorization);
  }
};

describe('no secret of the command line is in the output', () => {
  test.each([
    ['as JSON', ['--json', '--count', '1'], '"source":"http://127.0.0.1:'],
    ['as text', ['--count', '1'], 'x'],
  ])('of a source, %s', async (_, flags, shown) => {
    const { url } = await serve(listener);
    const run = await runReprise('tail', ...flags, '--header', 'x-own: S3CRET', secretUrl(url));
    const output = [...run.stdout, ...run.stderr].join('\n');
    expect(output).toContain(shown);
    expect(output).not.toContain('S3CRET');
    expect(run.status).toBe(0);
  });

  test.each([[['--json']], [[]]])('of two sources, one of which gives up: %j', async (flags) => {
    const { url } = await serve(listener);
    const other = url.replace('/events', '/other');
    const run = await runReprise(
      'tail',
      '--count',
      '1',
      ...flags,
      secretUrl(url),
      secretUrl(other),
    );
    const output = [...run.stdout, ...run.stderr].join('\n');
    expect(output).toContain('&api_key=[redacted]');
    expect(output).not.toContain('S3CRET');
  });

  test('of a store that cannot be reached', async () => {
    const port = await freePort();
    const store = `postgres://joe:S3CRET@127.0.0.1:${port}/db?password=S3CRET`;
    const { status, stdout, stderr } = await runReprise('tail', '--store', store, 'http://a/');
    expect([...stdout, ...stderr].join('\n')).toMatch(/^Expected a connection to Postgres/m);
    expect([...stdout, ...stderr].join('\n')).not.toContain('S3CRET');
    expect(status).toBe(3);
  });

  test.each([
    [['tail', 'ftp://joe:S3CRET@host/']],
    [['tail', '--header', 'Authorization Bearer S3CRET', 'http://host/']],
    [['tail', '--header', 'x-own: S3CRET\nmore', 'http://host/']],
    [['tail', '--token=S3CRET', 'http://host/']],
    [['tail', '--cursor', 'file', 'http://joe:S3CRET@host/', 'http://joe:S3CRET@host/']],
  ])('of wrong usage: %j', async (args) => {
    const { status, stdout, stderr } = await runReprise(...args);
    expect([...stdout, ...stderr].join('\n')).not.toContain('S3CRET');
    expect(status).toBe(2);
  });
});
