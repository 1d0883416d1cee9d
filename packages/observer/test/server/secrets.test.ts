import { expect, test } from '@jest/globals';
import { GenServer, noreply, ok, Supervisor } from '@reprise/actor';
import { settle } from '@reprise/actor/testing';

import { record } from '../../src/index.ts';
import type { TreeRow } from '../../src/live/tree-rows.ts';
import { metrics, metricsText } from '../../src/metrics.ts';
import { ask } from '../support/asking.ts';
import { bearer, observed } from '../support/observed.ts';

/** Each holds this, in another place. */
const secret = 'hunter2-sesame';
const jwt = `Bearer eyJhbGciOiJIUzI1NiJ9.${Buffer.from(secret).toString('base64url')}.c2lnbmF0dXJl`;
const pem = `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----`;

const state = {
  password: secret,
  nested: [{ apiKey: secret, headers: { Authorization: `Basic ${secret}`, cookie: secret } }],
  map: new Map([['token', secret]]),
  text: `sent ${jwt} and ${pem}`,
  url: `https://user:${secret}@example.com/?token=${secret}`,
};

const keeper = GenServer.define({
  init: () => ok(state),
  handleCast: {
    hang: (_: typeof state, now) => new Promise<never>(() => now),
    wait: (_: typeof state, now) => noreply(now),
    fail: (message: typeof state) => {
      throw new Error(`refused ${message.url} with ${jwt}`, { cause: message });
    },
  },
});
type Keeper = GenServer.ServerOf<typeof keeper>;

test('SEC-14 shows no secret of a state, a message or an error, anywhere', async () => {
  await using service = await observed();
  const { system, top, url } = service;
  const app = top as Supervisor.Pid;
  const spec = GenServer.childSpec(keeper, undefined, { id: 'keeper' });
  await Supervisor.startChild(app, spec as never);
  const child = (): Keeper =>
    Supervisor.child(app as never, 'keeper' as never) as unknown as Keeper;
  GenServer.cast(child(), 'fail', state);
  await settle(system);
  // Each is cut in the midst of the secret.
  const cut = `https://joe:${secret}@host/`;
  const named = GenServer.childSpec(keeper, undefined, { id: `${'i'.repeat(1970)} ${cut}` });
  await Supervisor.startChild(app, named as never);
  const next = (await Supervisor.whenChild(app, 'keeper' as never)) as unknown as Keeper;
  GenServer.cast(next, 'fail', { ...state, url: `${'q'.repeat(462)} ${cut}` });
  await settle(system);
  const stuck = (await Supervisor.whenChild(app, 'keeper' as never)) as unknown as Keeper;
  GenServer.cast(stuck, 'hang', state);
  GenServer.cast(stuck, 'wait', state);
  await settle(system);
  const paths = [
    'overview',
    'tree',
    'crashes',
    'streams',
    'links',
    'metrics',
    'changes?time=1e9',
    'at?time=1e9',
    `lives?path=${encodeURIComponent('app / keeper')}`,
    `process/${stuck.id}`,
  ];
  const texts: string[] = [];
  for (const path of paths) {
    texts.push((await ask(`${url}api/${path}`, { headers: bearer })).body);
  }
  expect(texts.join('\n')).toContain('keeper');
  expect(texts.join('\n')).toContain('"cast":"hang"');
  texts.push(JSON.stringify([...record(system).processes, ...record(system).crashes]));
  const encoded = Buffer.from(secret).toString('base64url');
  expect(texts.filter((text) => text.includes('hunter') || text.includes(encoded))).toStrictEqual(
    [],
  );
});

test('SEC-15 shows a hostile state, bounded, and runs nothing of it', async () => {
  let ran = 0;
  const count = (): string => {
    ran += 1;
    return secret;
  };
  class Vault {
    readonly #secret = secret;
    readonly name = 'vault';
    get opened(): string {
      return count() + this.#secret;
    }
    toJSON(): string {
      return count();
    }
  }
  const traps = new Proxy(
    {},
    Object.fromEntries(
      ['get', 'has', 'ownKeys', 'getPrototypeOf', 'getOwnPropertyDescriptor'].map((trap) => [
        trap,
        () => count(),
      ]),
    ),
  );
  const cycle: Record<string, unknown> = {};
  cycle['again'] = cycle;
  const hostileState = {
    vault: new Vault(),
    traps,
    cycle,
    long: 'x'.repeat(100_000_000),
    keys: Object.fromEntries(Array.from({ length: 1_000_000 }, (_, at) => [`key ${at}`, at])),
  };
  Object.defineProperty(hostileState, 'own', { get: count, enumerable: true });
  const holder = GenServer.define({ init: () => ok(hostileState) });
  await using service = await observed();
  const spec = GenServer.childSpec(holder, undefined, { id: 'holder' });
  await Supervisor.startChild(service.top as Supervisor.Pid, spec as never);
  const { id } = Supervisor.child(service.top as never, 'holder' as never) as GenServer.ServerOf<
    typeof holder
  >;
  const { body } = await ask(`${service.url}api/process/${id}`, { headers: bearer });
  expect(JSON.parse(body)).toMatchObject({
    state: {
      vault: { name: 'vault' },
      traps: '[Proxy]',
      cycle: { again: '[circular]' },
      long: expect.stringMatching(/^x+… \(100000000 characters\)$/),
    },
  });
  expect(ran).toBe(0);
  expect(body).not.toContain(secret);
  expect(body.length).toBeLessThan(10_000);
});

test('SEC-14 shows no secret of an id or a name, and acts on its process all the same', async () => {
  await using service = await observed({ actions: ['stop', 'restart'] });
  const { system, top, url } = service;
  const id = `https://joe:${secret}@example.com/feed?token=${secret}`;
  const shownId = 'https://example.com/feed?token=[redacted]';
  const long = `${'x'.repeat(1000)} ${id} ${'y'.repeat(100_000)}`;
  const specs = [id, long].map((one) =>
    GenServer.childSpec(keeper, undefined, { id: one, name: one }),
  );
  for (const spec of specs) {
    await Supervisor.startChild(top as Supervisor.Pid, spec as never);
  }
  const child = (one: string): Keeper =>
    Supervisor.child(top as never, one as never) as unknown as Keeper;
  for (const one of [id, long]) {
    GenServer.cast(child(one), 'fail', state);
    await Supervisor.whenChild(top as Supervisor.Pid, one as never);
    GenServer.cast(child(one), 'hang', state);
    GenServer.cast(child(one), 'wait', state);
  }
  await settle(system);
  const read = async (path: string): Promise<string> =>
    (await ask(`${url}api/${path}`, { headers: bearer })).body;
  const paths = [
    'overview',
    'tree',
    'crashes',
    'metrics',
    'changes?time=1e9',
    'at?time=1e9',
    'find?q=example',
  ];
  const texts = await Promise.all(
    [...paths, ...[id, long].map((one) => `process/${child(one).id}`)].map(read),
  );
  texts.push(metricsText(metrics(system), 'openmetrics'));
  texts.push(JSON.stringify([...record(system).processes, ...record(system).crashes]));
  for (const text of texts) {
    expect(text).toContain(shownId);
    expect(text).not.toContain(secret);
    expect(text.length).toBeLessThan(50_000);
  }
  const rowIn = (text: string) =>
    (JSON.parse(text) as { rows: readonly TreeRow[] }).rows.find((one) => one.id === shownId);
  for (const [action, result] of [
    ['restart', 'running'],
    ['stop', 'stopped'],
  ] as const) {
    const headers = { ...bearer, 'content-type': 'application/json' };
    const body = JSON.stringify({ row: rowIn(texts[1] ?? '')?.row });
    const { status } = await ask(`${url}api/act/${action}`, { method: 'POST', headers, body });
    expect([status, rowIn(await read('tree'))?.state]).toEqual([204, result]);
  }
  expect(service.logged.join('\n')).not.toContain(secret);
});
