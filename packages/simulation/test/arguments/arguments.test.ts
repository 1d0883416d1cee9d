import { createServer } from 'node:http';

import { expect, test } from '@jest/globals';
import {
  runSeed,
  type SeedOptions,
  type Simulation,
  type SimulatedNode,
} from '@reprise/simulation';

/** Calls as a program without types may make them. */
type Loose<Name extends PropertyKey> = Readonly<
  Record<Name, (...given: readonly unknown[]) => unknown>
>;

type Call = (sim: Loose<keyof Simulation>, node: SimulatedNode) => unknown;

/** The error of a call in a program that has the node `a` and the origin `prices`. */
async function errorOf(call: Call): Promise<unknown> {
  let thrown: unknown;
  await runSeed(
    async (sim: Simulation) => {
      const node = sim.node('a', () => 1);
      sim.origin('prices');
      await sim.sleep(1);
      try {
        await call(sim as object as Loose<keyof Simulation>, node as SimulatedNode);
      } catch (error) {
        thrown = error;
      }
    },
    { source: { tape: {} } },
  );
  return thrown;
}

const none = (): undefined => undefined;
const time = 'a number of milliseconds from 0 on';

test.each<[string, Call, string]>([
  ['a sleep of -1', (sim) => sim.sleep(-1), `Expected the time to sleep to be ${time}, got -1`],
  [
    'a sleep without an end',
    (sim) => sim.sleep(Infinity),
    `Expected the time to sleep to be ${time}, got Infinity`,
  ],
  [
    'a sleep of a text',
    (sim) => sim.sleep('10'),
    `Expected the time to sleep to be ${time}, got "10"`,
  ],
  [
    'a run within NaN',
    (sim) => sim.run({ until: none, within: Number.NaN }),
    `Expected \`within\` to be ${time}, got NaN`,
  ],
  [
    'a run with neither a condition nor a time',
    (sim) => sim.run({}),
    `Expected \`within\` of \`run\`, without \`until\`, to be ${time}, got undefined`,
  ],
  [
    'a run until something that is no function',
    (sim) => sim.run({ until: true }),
    'Expected `until` to be a function, got true',
  ],
  [
    'a run with a misspelt option',
    (sim) => sim.run({ untill: none }),
    'Expected an option of run, got `untill`: did you mean `until`?',
  ],
  [
    'a pick of an empty list',
    (sim) => sim.pick([]),
    'Expected a list with at least one value, got []',
  ],
  ['a pick of no list', (sim) => sim.pick(3), 'Expected a list with at least one value, got 3'],
  ['a number below 0', (sim) => sim.below(0), 'Expected `n` to be a whole number from 1 on, got 0'],
  ['a number below nothing', (sim) => sim.below(), 'Expected a number for `below`, got undefined'],
  [
    'a node without a function',
    (sim) => sim.node('b'),
    'Expected the main of the node "b" to be a function, got undefined',
  ],
  [
    'a node without a name',
    (sim) => sim.node('', none),
    'Expected the name of a machine to be a text that is not empty, got ""',
  ],
  [
    'a node with the name of a node',
    (sim) => sim.node('a', none),
    'Expected a name that no other node or origin has, got "a"',
  ],
  [
    'a node with the name of an origin',
    (sim) => sim.node('prices', none),
    'Expected a name that no other node or origin has, got "prices"',
  ],
  [
    'an origin with the name of a node',
    (sim) => sim.origin('a'),
    'Expected a name that no other node or origin has, got "a"',
  ],
  [
    'an origin with a name that is no host',
    (sim) => sim.origin('a b'),
    'Expected a name that a URL can have as its host, got "a b"',
  ],
  [
    'an origin with a misspelt option',
    (sim) => sim.origin('b', { histroy: 3 }),
    'Expected an option of origin, got `histroy`: did you mean `history`?',
  ],
  [
    'an origin with a history of -1',
    (sim) => sim.origin('b', { history: -1 }),
    'Expected `history` to be a whole number from 0 on, got -1',
  ],
  [
    'events of an origin that are a text',
    (sim) => (sim.origin('b') as Loose<'produce'>).produce('news'),
    'Expected a number of events, or a list of their data, got "news"',
  ],
  [
    'a client without a function',
    (sim) => sim.client('c'),
    'Expected the code of the client c to be a function, got undefined',
  ],
  [
    'a request of something that is no node',
    (sim) => sim.request('a', none),
    'Expected a node that `sim.node` has made, got "a"',
  ],
  [
    'a request without a function',
    (sim, node) => sim.request(node),
    'Expected the request to a to be a function, got undefined',
  ],
  [
    'a server that is none of node:http',
    (sim, node) => sim.listen(node, 'shop', none),
    'Expected a server of node:http, got function none',
  ],
  [
    'a server for a host that is taken',
    (sim, node) => {
      sim.listen(node, 'shop', createServer());
      sim.listen(node, 'shop', createServer());
    },
    'Expected a host that no other server has, got "shop"',
  ],
  [
    'an agent of no node',
    (sim) => sim.agent(undefined),
    'Expected a node that `sim.node` has made, got undefined',
  ],
  [
    'a cut of an unknown machine',
    (sim) => sim.cut('a', 'price'),
    'Expected the name of a node or an origin, "a" or "prices", got "price": did you mean "prices"?',
  ],
  [
    'a cut with a misspelt option',
    (sim) => sim.cut('a', 'prices', { isOneway: true }),
    'Expected an option of cut, got `isOneway`: did you mean `isOneWay`?',
  ],
  [
    'a hold of an unknown machine',
    (sim) => sim.hold('prics', 'a'),
    'Expected the name of a node or an origin, "a" or "prices", got "prics": did you mean "prices"?',
  ],
  [
    'a check that is no function',
    (sim) => sim.always(false),
    'Expected the check of `always` to be a function, got false',
  ],
  [
    'a condition that is no boolean',
    (sim) => sim.sometimes('full', 3),
    'Expected the condition full to be true or false, got 3',
  ],
  [
    'a callback of a healing that is none',
    (sim) => sim.onHeal(1),
    'Expected the callback of `onHeal` to be a function, got 1',
  ],
  ['a note of a number', (sim) => sim.note(1), 'Expected the note to be a text, got 1'],
  [
    'a store without values',
    (sim) => sim.store(3),
    'Expected the values of a store by their keys, got 3',
  ],
  [
    'a store on no node',
    (sim) => (sim.store() as Loose<'on'>).on({}),
    'Expected a node that `sim.node` has made, got {}',
  ],
  [
    'an update of a store without a version',
    (sim, node) => ((sim.store() as Loose<'on'>).on(node) as Loose<'update'>).update('left', 0, 1),
    'Expected the `version` of a row, got undefined',
  ],
  [
    'a file without a path',
    (_, node) => node.disk.readText(undefined as unknown as string),
    'Expected the path of a file to be a text that is not empty, got undefined',
  ],
  [
    'a pause of -1',
    (_, node) => node.pause(-1),
    `Expected the time to pause to be ${time}, got -1`,
  ],
  [
    'a clock that is 3 times too fast',
    (_, node) => node.skew({ drift: 2 }),
    'Expected `drift` to be above -1 and below 1, as 0.01 for 1 %, got 2',
  ],
  [
    'a clock that is ahead by NaN',
    (_, node) => node.skew({ ahead: Number.NaN }),
    'Expected `ahead` to be a number of milliseconds, got NaN',
  ],
  [
    'a skew with a misspelt option',
    (_, node) => node.skew({ drfit: 0.01 } as object),
    'Expected an option of skew, got `drfit`: did you mean `drift`?',
  ],
])('a test program cannot have %s', async (_what, call, message) => {
  expect(await errorOf(call)).toEqual(new TypeError(message));
});

test('a host is free again once the node of its server has crashed', async () => {
  const error = await errorOf((sim, node) => {
    sim.listen(node, 'shop', createServer());
    node.crash();
    node.restart();
    sim.listen(node, 'shop', createServer());
  });
  expect(error).toBeUndefined();
});

test.each<[object, string]>([
  [{ source: undefined }, 'Expected `source` to be `{ seed }` or `{ tape }`, got undefined'],
  [{ source: { seed: -1 } }, 'Expected `source.seed` to be a whole number from 0 on, got -1'],
  [
    { source: { tape: [1] } },
    'Expected `source.tape` to be a tape, lists of draws by the names of their streams, got [1]',
  ],
  [{ keep: -1 }, 'Expected `keep` to be a whole number from 0 on, got -1'],
  [{ fault: {} }, 'Expected an option of runSeed, got `fault`: did you mean `faults`?'],
  [
    { faults: { netwrok: true } },
    'Expected an option of `faults` of runSeed, got `netwrok`: did you mean `network`?',
  ],
])('a run of a seed refuses %j', async (options, message) => {
  const given = { source: { seed: 0 }, ...options } as SeedOptions;
  await expect(runSeed(none, given)).rejects.toThrow(new TypeError(message));
});
