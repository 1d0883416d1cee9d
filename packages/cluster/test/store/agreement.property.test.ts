import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { memorySubject } from './memory-subject.ts';
import { beginning, type Request, requests, Runner } from './requests.ts';
import type { Subject } from './subject.ts';
import { subjects } from './subjects.ts';

const others = subjects.filter(({ name }) => name !== memorySubject.name);

describe.each(others)('$name and the store in memory', (subject) => {
  test('agree on every answer of any program of requests', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(requests, { minLength: 20, maxLength: 100 }), async (program) => {
        expect(await answersOf(subject, program)).toEqual(await answersOf(memorySubject, program));
      }),
      // To make a program shorter takes minutes.
      { numRuns: subject.name === 'postgres' ? 10 : 40, endOnFailure: true },
    );
  });
});

/** The answers of two nodes' connections, that ask in turns. */
async function answersOf(subject: Subject, program: readonly Request[]): Promise<unknown> {
  await using place = await subject.create();
  const runner = new Runner([await place.open(), await place.open()]);
  const answers: unknown[] = [];
  for (const request of [...beginning, ...program]) {
    answers.push([request.type, await runner.run(request)]);
  }
  return answers;
}
