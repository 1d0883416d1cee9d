import { readFile } from 'node:fs/promises';
import { exit, hrtime } from 'node:process';

import { defineModel, type Model, type Program } from '@reprise/simulation';

import { prize } from './support/prize.ts';

/** Kept from before a run, which replaces the clocks of a process. */
const realTime = hrtime.bigint;

/** One of 16 numbers for each seed. */
export const sides = 16;

function lottery(name: string, play: (number: number) => void, mutants: Model['mutants'] = {}) {
  const program: Program = async (sim) => {
    const number = sim.below(sides);
    sim.note(`number ${number}`);
    await sim.sleep(1);
    play(number);
    sim.sometimes('above 7', number > 7);
  };
  return defineModel({ name, program, mutants });
}

/** A node reads a real file. */
const readOnNode: Program = async (sim) => {
  const node = sim.node('reader', () => 0);
  await sim.request(node, async () => {
    await readFile(import.meta.filename);
  });
};

const mutant = { file: 'models/support/prize.ts', within: 100 };

export const models: readonly Model[] = [
  lottery(
    'fair',
    (number) => {
      if (prize(number) < 0) {
        throw new Error(`a prize of ${prize(number)}`);
      }
    },
    {
      'a negative prize': { ...mutant, from: '10 * number', to: '10 * number - 30' },
      'a larger prize': { ...mutant, from: '10 * number', to: '11 * number' },
      'a text that is not there': { ...mutant, from: 'number * 10', to: '0' },
      'a file that is not loaded': { ...mutant, file: 'models/tickets.ts', from: 'left', to: '' },
    },
  ),
  lottery('endless', (number) => {
    while (number === 7) {
      // For ever.
    }
  }),
  lottery('held up', () => {
    // Without the processor, as on a machine that is busy.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);
  }),
  lottery('exit', (number) => {
    if (number === 7) {
      exit();
    }
  }),
  lottery('unhandled', (number) => {
    if (number === 7) {
      void Promise.reject(new Error('lost'));
    }
  }),
  defineModel({
    name: 'clock',
    program: (sim) => {
      sim.note(`${realTime()}`);
    },
  }),
  defineModel({ name: 'escape', program: readOnNode }),
  defineModel({ name: 'allowed escape', program: readOnNode, options: { allow: ['fs'] } }),
  defineModel({
    name: 'never',
    program: (sim) => {
      sim.sometimes('the impossible', false);
    },
  }),
];
