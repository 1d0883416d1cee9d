import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hrtime } from 'node:process';
import { runInThisContext } from 'node:vm';

import { describe, expect, jest, test } from '@jest/globals';
import {
  defineModel,
  type Model,
  type Program,
  simulate,
  SimulationError,
  type SimulateOptions,
} from '@reprise/simulation';

import { lottery, ticketShop } from '../support/ticket-shop.ts';

async function failureOf(
  program: Program | Model,
  options?: SimulateOptions,
): Promise<SimulationError> {
  const error: unknown = await simulate(program, options).catch((thrown: unknown) => thrown);
  if (!(error instanceof SimulationError)) {
    throw new Error(`Expected a SimulationError, got ${String(error)}`);
  }
  return error;
}

function folder(): string {
  return mkdtempSync(join(tmpdir(), 'reprise-corpus-'));
}

describe('SIM-R01 the error of a failing seed', () => {
  test('shows the failure, its seed, its tape, and the steps', async () => {
    const { message, report } = await failureOf(ticketShop(false));
    const { failure } = report;
    expect(message).toMatch(/^Error: 2 tickets were sold, and 1 are gone\n +at .*ticket-shop\.ts:/);
    expect(message).toContain(`seed   ${failure.seed}: violation after ${failure.steps} steps`);
    expect(message).toContain(`replay simulate(…, { replay: ${JSON.stringify(failure.tape)} })`);
    expect(message).toMatch(/\n *step +time +node +kind +what\n/);
    expect(failure.trace).toHaveLength(failure.steps);
  });

  test('is the same as JSON', async () => {
    const error = await failureOf(ticketShop(false));
    expect(JSON.parse(JSON.stringify(error))).toEqual(error.report);
    expect(error.report).toMatchObject({
      model: 'program',
      failure: { kind: 'violation', message: 'Error: 2 tickets were sold, and 1 are gone' },
    });
  });

  test('has what was thrown as its cause', async () => {
    const thrown = new RangeError('odd');
    const { cause } = await failureOf(() => {
      throw thrown;
    });
    expect(cause).toBe(thrown);
  });

  test('has a tape that fails in the same way, at the same step, with the same hash', async () => {
    const { failure } = (await failureOf(ticketShop(false))).report;
    const again = await failureOf(ticketShop(false), { replay: failure.tape });
    const { seed: _seed, stack: _stack, ...expected } = failure;
    expect(again.report.failure).toMatchObject(expected);
  });
});

describe('the ticket shop', () => {
  const faults = { crash: true, store: true };

  test('SIM-R02 is found within 200 seeds, and shrunk', async () => {
    const options = { seeds: 200, faults };
    const { failure, found } = (await failureOf(ticketShop(false), options)).report;
    expect(failure.steps).toBeLessThanOrEqual(25);
    expect(failure.draws.wild).toBeLessThanOrEqual(12);
    expect(failure.draws.wild).toBeLessThanOrEqual(found.wild);
  });

  // `simulate.slow.ts` has more of them.
  test('SIM-R02 passes 500 seeds with a guard', async () => {
    const { seeds, reached } = await simulate(ticketShop(true), { seeds: 500, faults });
    expect(seeds).toBe(500);
    expect(reached['sold out']).toBeGreaterThan(0);
  });
});

describe('SIM-R03 a program with two faults', () => {
  /** The second fault needs less than the first: shrinking would end in it. */
  const twoFaults = lottery(1000, (number) => {
    if (number >= 500) {
      throw new Error('the first');
    }
    if (number >= 1) {
      throw new Error('the second');
    }
  });

  test('keeps the one that was found', async () => {
    const messages = new Map<string, readonly (readonly number[])[]>();
    for (let from = 0; from < 5; from += 1) {
      const { failure } = (await failureOf(twoFaults, { from, seeds: 1 })).report;
      messages.set(failure.message, Object.values(failure.tape));
    }
    expect(Object.fromEntries(messages)).toEqual({
      'Error: the first': [[500]],
      'Error: the second': [[1]],
    });
  });

  test('tells two throws with the same words by their lines', async () => {
    const sameWords = lottery(1000, (number) => {
      if (number >= 500) {
        throw new Error('wrong by 500');
      }
      if (number >= 1) {
        throw new Error('wrong by 1');
      }
    });
    const tapes = new Set<string>();
    for (let from = 0; from < 5; from += 1) {
      const { failure } = (await failureOf(sameWords, { from, seeds: 1 })).report;
      tapes.add(JSON.stringify(failure.tape));
    }
    expect([...tapes].toSorted()).toEqual(['{"test":[1]}', '{"test":[500]}']);
  });
});

describe('SIM-R05 a tape of another version', () => {
  const version1 = lottery(100, (number) => {
    if (number === 70) {
      throw new Error('70');
    }
  });

  test('fails as long as it fits', async () => {
    const { failure } = (await failureOf(version1, { replay: { test: [70] } })).report;
    expect(failure.message).toBe('Error: 70');
  });

  test('is told when a draw is too large', async () => {
    const version2 = lottery(50, () => undefined);
    await expect(simulate(version2, { replay: { test: [70] } })).rejects.toThrow(
      'Expected a tape of this program, got one that no longer fits',
    );
  });

  test('is told when draws are left over', async () => {
    const version2 = lottery(100, () => undefined);
    await expect(simulate(version2, { replay: { test: [70, 3] } })).rejects.toThrow(
      'no longer fits',
    );
    await expect(simulate(version2, { replay: { test: [70], gone: [3] } })).rejects.toThrow(
      'no longer fits',
    );
  });

  test('passes when the program draws all of it, and holds', async () => {
    const mended = lottery(100, () => undefined);
    await expect(simulate(mended, { replay: { test: [70] } })).resolves.toMatchObject({
      seeds: 0,
    });
  });
});

describe('SIM-R06 a condition of `sometimes`', () => {
  const hits = (wanted: number) =>
    lottery(10, (number, sim) => {
      sim.sometimes('hit', number === wanted);
    });

  test('fails the whole run if no seed reached it, and is named', async () => {
    await expect(simulate(hits(10), { seeds: 50 })).rejects.toThrow(
      'Expected some seed to reach "hit", got none among 50',
    );
  });

  test('is counted by the seeds that reached it', async () => {
    const { reached } = await simulate(hits(3), { seeds: 100 });
    expect(reached['hit']).toBeGreaterThan(0);
    expect(reached['hit']).toBeLessThan(50);
  });
});

describe('SIM-R07 a rejection that nobody handles', () => {
  const rejects = lottery(16, (number) => {
    if (number === 7) {
      void Promise.reject(new RangeError('lost'));
    }
  });

  test('is the failure of its own seed', async () => {
    const drawn: number[] = [];
    await simulate((sim) => void drawn.push(sim.below(16)), { seeds: 100 });
    const { message, report } = await failureOf(rejects, { seeds: 100 });
    expect(message).toMatch(/^Unhandled rejection: RangeError: lost\n +at .*simulate\.test\.ts/);
    // The first seed is run twice.
    expect(report.failure).toMatchObject({ kind: 'unhandled', seed: drawn.slice(1).indexOf(7) });
  });

  test('is heard by other listeners again when the simulation is over', async () => {
    const events = runInThisContext('process') as NodeJS.Process;
    const before = events.listeners('unhandledRejection');
    await failureOf(rejects, { seeds: 100 });
    expect(before.length).toBeGreaterThan(0);
    expect(events.listeners('unhandledRejection')).toEqual(before);
  });
});

describe('SIM-R10 the corpus', () => {
  const fails = (limit: number) =>
    defineModel({
      name: 'large number',
      program: lottery(100, (number) => {
        if (number >= limit) {
          throw new Error('too large');
        }
      }),
    });

  test('keeps each failure, and is run before all seeds', async () => {
    const corpus = folder();
    const { failure } = (await failureOf(fails(50), { corpus })).report;
    expect(readdirSync(corpus)).toEqual([`large-number-${failure.seed}.json`]);
    const drawn: number[] = [];
    const program = lottery(100, (number) => {
      drawn.push(number);
      throw new Error('too large');
    });
    await failureOf({ name: 'large number', program }, { corpus });
    expect(drawn).toEqual([50]);
  });

  test('names an entry that passes, and goes on', async () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    const corpus = folder();
    await failureOf(fails(50), { corpus });
    const { seeds } = await simulate(fails(100), { corpus, seeds: 10 });
    expect(seeds).toBe(10);
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(/large-number-\d+\.json passes: the program no longer fails/)],
    ]);
  });

  test('names an entry that no longer fits', async () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    const corpus = folder();
    await failureOf(fails(50), { corpus });
    const other = defineModel({ name: 'large number', program: lottery(10, () => undefined) });
    await simulate(other, { corpus, seeds: 10 });
    expect(warn.mock.calls).toEqual([
      [
        expect.stringMatching(
          /large-number-\d+\.json no longer fits.* from step \d+\n +was .*number 50\n +is .*number 9/s,
        ),
      ],
    ]);
  });

  test('leaves entries of other models alone', async () => {
    const corpus = folder();
    await failureOf(fails(50), { corpus });
    const other = defineModel({ name: 'other', program: lottery(10, () => undefined) });
    await expect(simulate(other, { corpus, seeds: 1 })).resolves.toMatchObject({ seeds: 1 });
  });

  test('refuses a file that is no tape', async () => {
    const corpus = folder();
    writeFileSync(join(corpus, 'a.json'), '{"tape":{}}');
    await expect(simulate(fails(50), { corpus })).rejects.toThrow(
      /^Expected .*a\.json to be a tape that a simulation has written \(format 1\), got {"tape":{}}/,
    );
  });
});

describe('SIM-D06 a program that reads a real clock', () => {
  /** Kept from before the run, which replaces the clocks of a process. */
  const realTime = hrtime.bigint;

  test('is told with the first step that differs: what was, and what is', async () => {
    const { message, report } = await failureOf(async (sim) => {
      sim.note('begins');
      sim.note(`at ${realTime()}`);
    });
    expect(report.failure.kind).toBe('divergence');
    expect(message).toMatch(
      /^Expected the same steps when it was run again, got another at step 3\n +was .* note +at \d+\n +is .* note +at \d+/,
    );
  });
});

describe('simulate()', () => {
  test('has the same fingerprint for the same seeds, and another for others', async () => {
    const [a, b, c] = [
      await simulate(ticketShop(true), { seeds: 20 }),
      await simulate(ticketShop(true), { seeds: 20 }),
      await simulate(ticketShop(true), { from: 1, seeds: 20 }),
    ];
    expect(a.fingerprint).toBe(b.fingerprint);
    expect(a.fingerprint).not.toBe(c.fingerprint);
    expect(a.steps).toBe(b.steps);
  });

  test('runs 200 seeds if nothing else is said', async () => {
    expect(await simulate(lottery(2, () => undefined))).toMatchObject({ seeds: 200 });
  });

  test('stops after `time`, before the last of its seeds', async () => {
    const { seeds } = await simulate(
      lottery(2, () => undefined),
      { time: 1, seeds: 1_000_000 },
    );
    expect(seeds).toBeLessThan(1_000_000);
  });

  test('takes the options of a model, and prefers its own', async () => {
    const model = defineModel({
      name: 'long',
      program: (sim) => sim.sleep(1000),
      options: { maxSteps: 1 },
    });
    expect((await failureOf(model, { seeds: 1 })).report.failure.kind).toBe('limit');
    await expect(simulate(model, { seeds: 1, maxSteps: 100 })).resolves.toMatchObject({ seeds: 1 });
  });

  test.each<[object, string]>([
    [{ sedes: 3 }, 'Expected an option of simulate, got `sedes`: did you mean `seeds`?'],
    [{ seeds: 0 }, 'Expected `seeds` to be a whole number from 1 on, got 0'],
    [{ seeds: 1.5 }, 'Expected `seeds` to be a whole number from 1 on, got 1.5'],
    [{ from: -1 }, 'Expected `from` to be a whole number from 0 on, got -1'],
    [{ time: 0 }, 'Expected `time` to be milliseconds above 0, got 0'],
    [{ time: '10s' }, 'Expected `time` to be milliseconds above 0, got "10s"'],
    [{ maxSteps: 0 }, 'Expected `maxSteps` to be a whole number from 1 on, got 0'],
    [{ isOrdered: 1 }, 'Expected `isOrdered` to be true or false, got 1'],
    [
      { faults: { crsh: true } },
      'Expected an option of `faults` of simulate, got `crsh`: did you mean `crash`?',
    ],
    [{ allow: 'fs' }, 'Expected `allow` to be a list of kinds of escapes, got "fs"'],
    [
      { allow: ['fss'] },
      'Expected allow to have "blob" or "crypto" or "dns" or "fs" or "net" or "process" or "timers" or "worker" or "zlib", got "fss": did you mean "fs"?',
    ],
    [{ faults: { crash: 1 } }, 'Expected `faults.crash` to be true or false, got 1'],
    [
      { replay: [1] },
      'Expected `replay` to be a tape, lists of draws by the names of their streams, got [1]',
    ],
    [
      { replay: { turns: [-1] } },
      'Expected `replay` to be a tape, lists of draws by the names of their streams, got {"turns":[-1]}',
    ],
    [{ corpus: true }, 'Expected `corpus` to be the path of a folder, got true'],
  ])('refuses %j', async (options, message) => {
    await expect(simulate(() => undefined, options)).rejects.toThrow(new TypeError(message));
  });
});

describe('defineModel()', () => {
  const program = (): void => undefined;
  const mutant = { file: 'a.ts', from: 'a', to: 'b', within: 1 };

  test('returns the model', () => {
    const model = { name: 'a shop', program, mutants: { broken: mutant } };
    expect(defineModel(model)).toBe(model);
  });

  test.each<[object, string]>([
    [
      { name: 'a', program, mutant: {} },
      'Expected an option of defineModel, got `mutant`: did you mean `mutants`?',
    ],
    [
      { program },
      'Expected the name of a model, in letters, digits, spaces and dashes, got undefined',
    ],
    [
      { name: '../a', program },
      'Expected the name of a model, in letters, digits, spaces and dashes, got "../a"',
    ],
    [{ name: 'a', program: {} }, 'Expected the program of a model, got {}'],
    [
      { name: 'a', program, options: { seeds: 1 } },
      'Expected an option of the model a (faults, isOrdered, maxSteps, allow), got `seeds`',
    ],
    [
      { name: 'a', program, mutants: { broken: { ...mutant, within: 0 } } },
      'Expected `within` of the mutant "broken" to be a number of seeds, got 0',
    ],
    [
      { name: 'a', program, mutants: { broken: { ...mutant, from: /a/ } } },
      'Expected `from` of the mutant "broken" to be a text, got /a/',
    ],
    [
      { name: 'a', program, mutants: { broken: { ...mutant, form: 'a' } } },
      'Expected an option of the mutant "broken", got `form`: did you mean `from`?',
    ],
    [
      { name: 'a', program, mutants: { broken: { ...mutant, and: [{ ...mutant, to: 1 }] } } },
      'Expected an option of `and` of the mutant "broken" (file, from, to), got `within`',
    ],
    [
      { name: 'a', program, mutants: { broken: { ...mutant, and: [{ file: 'a', from: 'b' }] } } },
      'Expected `to` of the mutant "broken" to be a text, got undefined',
    ],
  ])('refuses %j', (model, message) => {
    expect(() => defineModel(model as Model)).toThrow(new TypeError(message));
  });
});
