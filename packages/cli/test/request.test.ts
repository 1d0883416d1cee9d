import { mkdtempSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { describe, expect, test } from '@jest/globals';

import { runReprise, runRepriseWith } from './support/reprise.ts';
import { freePort, serve, stream } from './support/server.ts';

interface Received {
  readonly method: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Runs `reprise tail` on a server that answers one event; resolves with its requests. */
async function requestsOf(
  options: Parameters<typeof runRepriseWith>[0],
  ...args: readonly string[]
): Promise<readonly Received[]> {
  const received: Received[] = [];
  const { url } = await serve((request, response) => {
    void text(request).then((body) => {
      received.push({ method: request.method, headers: request.headers, body });
      stream(response, 'data: x\n\n');
      response.end();
    });
  });
  await runRepriseWith(options, 'tail', '--count', '1', ...args, url);
  return received;
}

describe('--bearer', () => {
  function tokenFile(token: string): string {
    const path = join(mkdtempSync(join(tmpdir(), 'reprise-')), 'token');
    writeFileSync(path, `${token}\n`);
    return path;
  }

  test.each<[string, readonly string[], NodeJS.ProcessEnv, string]>([
    ['the token itself', ['--bearer', 't0k'], {}, 'Bearer t0k'],
    ['a file', ['--bearer', `@${tokenFile('t1k')}`], {}, 'Bearer t1k'],
    ['the environment', [], { REPRISE_BEARER: 't2k' }, 'Bearer t2k'],
    ['the option before the environment', ['--bearer', 'a'], { REPRISE_BEARER: 'b' }, 'Bearer a'],
    ['a header before both', ['-H', 'Authorization: own'], { REPRISE_BEARER: 'b' }, 'own'],
  ])('is sent from %s', async (_from, args, variables, sent) => {
    const [request] = await requestsOf({ variables }, ...args);
    expect(request?.headers.authorization).toBe(sent);
  });
});

describe('--data', () => {
  test.each([
    ['-', []],
    ['@-', ['--dedupe', '--cursor', join(mkdtempSync(join(tmpdir(), 'reprise-')), 'c.db')]],
  ])('%s sends stdin, with %j', async (name, flags) => {
    const stdin = 'a body\n';
    const [request] = await requestsOf({ stdin }, '-d', name, ...flags);
    expect(request).toMatchObject({ method: 'POST', body: stdin });
  });

  test('is sent once: a stream that has ended is complete', async () => {
    let requests = 0;
    const { url } = await serve((_, response) => {
      requests += 1;
      stream(response, 'data: {"t":1}\n\ndata: [DONE]\n\n');
      response.end();
    });
    const run = await runReprise('tail', '--min-delay', '0.01', '-d', '{}', url);
    expect({ ...run, requests }).toEqual({
      status: 0,
      stdout: ['message {"t":1}', 'message [DONE]'],
      stderr: ['connecting', 'connected'],
      requests: 1,
    });
  });

  test('is sent again with --reconnect', async () => {
    const requests = await requestsOf(
      {},
      '-d',
      'x',
      '--reconnect',
      '--count',
      '2',
      '--min-delay',
      '0.01',
    );
    expect(requests.map(({ body }) => body)).toEqual(['x', 'x']);
  });
});

test('--no-reconnect sends a GET once, and its end is a good one', async () => {
  let requests = 0;
  const { url } = await serve((_, response) => {
    requests += 1;
    stream(response, 'data: x\n\n');
    response.end();
  });
  const { status, stdout } = await runReprise('tail', '--no-reconnect', url);
  expect({ status, stdout, requests }).toEqual({ status: 0, stdout: ['message x'], requests: 1 });
});

test.each([
  [[], undefined, undefined],
  [['--location-trusted'], 'Bearer t0k3n', 'k3y'],
])(
  'a redirect to another origin takes headers along only with --location-trusted: %j',
  async (flags, authorization, apiKey) => {
    const received = Promise.withResolvers<IncomingMessage['headers']>();
    const target = await serve(({ headers }, response) => {
      received.resolve(headers);
      stream(response, 'data: x\n\n');
    });
    const { url } = await serve((_, response) => {
      response.writeHead(307, { location: target.url }).end();
    });
    const secrets = ['--bearer', 't0k3n', '-H', 'X-Api-Key: k3y'];
    await runReprise('tail', '--count', '1', ...secrets, ...flags, url);
    const headers = await received.promise;
    expect([headers.authorization, headers['x-api-key']]).toEqual([authorization, apiKey]);
  },
);

describe('the body of a refusal', () => {
  async function refusal(
    status: number,
    body: string,
    ...args: readonly string[]
  ): Promise<string | undefined> {
    const { url } = await serve((_, response) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    });
    const { stderr } = await runReprise('tail', ...args, url);
    return stderr.at(-1);
  }

  test('stands behind the reason, as one escaped line', async () => {
    expect(await refusal(400, '{"error":\n\t"no \u001B[2J"}\n', '-d', '{}')).toBe(
      String.raw`gave up status 400: {"error":\n\t"no \x1b[2J"}`,
    );
  });

  test('is cut after 300 characters', async () => {
    expect(await refusal(404, 'x'.repeat(50_000))).toBe(
      `gave up status 404: ${'x'.repeat(300)}\u2026`,
    );
  });

  test('is not shown where there is none', async () => {
    expect(await refusal(404, ' ')).toBe('gave up status 404');
  });

  test('shows no secret of the command line that a server sends back', async () => {
    const line = await refusal(
      400,
      'token t0k3n-t0k3n, key k3y-k3y, cookie c00kie=1',
      '--bearer',
      't0k3n-t0k3n',
      '-H',
      'X-Api-Key: k3y-k3y',
      '-H',
      'Cookie: c00kie=1',
    );
    expect(line).toMatch(/^gave up status 400: /);
    expect(line).not.toMatch(/t0k3n|k3y|c00kie/);
  });
});

test.each([401, 403])('a %i names the options that send credentials', async (status) => {
  const { url } = await serve((_, response) => {
    response.writeHead(status).end();
  });
  const { stderr } = await runReprise('tail', url);
  expect(stderr.at(-1)).toBe(
    `gave up status ${status} (--bearer and --header send credentials; --location-trusted, to other hosts too)`,
  );
});

describe('the password of a URL', () => {
  test.each([['--json'], ['--timestamps'], ['--data-only']])(
    'is on no line, with %s',
    async (flag) => {
      const asked: unknown[] = [];
      const { port } = await serve(({ headers }, response) => {
        asked.push(headers.authorization);
        stream(response, 'data: x\n\n');
      });
      const dead = `http://joe:s3cret@127.0.0.1:${await freePort()}/`;
      const { stdout, stderr } = await runReprise(
        'tail',
        flag,
        '--count',
        '1',
        `http://joe:s3cret@127.0.0.1:${port}/`,
        dead,
      );
      expect(asked).toEqual([`Basic ${btoa('joe:s3cret')}`]);
      expect(stdout).toHaveLength(1);
      expect([...stdout, ...stderr].join('\n')).not.toMatch(/s3cret|joe/);
    },
  );
});
