import { hrtime } from 'node:process';

import { defineModel, type Model, type Program } from '@reprise/simulation';

import { prize } from './support/prize.ts';

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
  lottery('unhandled', (number) => {
    if (number === 7) {
      void Promise.reject(new Error('lost'));
    }
  }),
  defineModel({
    name: 'clock',
    program: (sim) => {
      sim.note(`${hrtime.bigint()}`);
    },
  }),
  defineModel({
    name: 'never',
    program: (sim) => {
      sim.sometimes('the impossible', false);
    },
  }),
];
