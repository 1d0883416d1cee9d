import { createRequire } from 'node:module';

import type sequencer from '@jest/test-sequencer';

import { slowTests } from './slow-tests.ts';

// By `require`: its types describe only its CommonJS exports.
const { default: TestSequencer } = createRequire(import.meta.url)(
  '@jest/test-sequencer',
) as typeof sequencer;

type Tests = Parameters<InstanceType<typeof TestSequencer>['sort']>[0];

/** Jest's order (failed last time first, then by known time), with the slow files before all. */
export default class LongestFirst extends TestSequencer {
  override async sort(tests: Tests): Promise<Tests> {
    // oxlint-disable-next-line unicorn/no-array-sort -- a method of jest's own, which copies
    const sorted = await super.sort(tests);
    return sorted.toSorted((a, b) => rank(a.path) - rank(b.path));
  }
}

/** The place in the list of slow files; the same for all others. */
function rank(path: string): number {
  const index = slowTests.findIndex((file) => path.replaceAll('\\', '/').endsWith(file));
  return index === -1 ? slowTests.length : index;
}
