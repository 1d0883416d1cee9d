/**
 * Plays the faults of its arguments to all SDKs, with the fetch of Node and with `guarded`: the
 * child process of the suite, which runs on the sources of the packages.
 */
import { guarded } from '@reprise/sse/fetch';

import { type SdkFault, sdkFaults } from './faults.ts';
import type { Order } from './order.ts';
import { formatOutcome, type Outcome, outcomeOf } from './outcome.ts';
import { sdks, versionOf } from './sdks.ts';

/** The outcomes of one SDK under one fault. */
interface Cell {
  readonly fault: string;
  readonly sdk: string;
  readonly own: Outcome;
  readonly guarded: Outcome;
}

const { names, isJson, window } = JSON.parse(process.argv[2] ?? '') as Order;
// A request that hangs is given up, and its late end does not matter.
process.on('unhandledRejection', () => undefined);
await play(sdkFaults.filter(({ name }) => names.length === 0 || names.includes(name)));
// An SDK that hangs would keep the program alive.
process.exit();

async function play(chosen: readonly SdkFault[]): Promise<void> {
  const cells: Cell[] = [];
  for (const fault of chosen) {
    console.error(`${fault.title} (${cells.length / sdks.length + 1} of ${chosen.length})`);
    cells.push(...(await playToAll(fault)));
  }
  const versions = Object.fromEntries([
    ['node', process.versions.node],
    ...sdks.map((sdk) => [sdk.package, versionOf(sdk)]),
  ]) as Readonly<Record<string, string>>;
  console.log(isJson ? JSON.stringify({ versions, cells }, undefined, 2) : report(versions, cells));
}

function playToAll(fault: SdkFault): Promise<readonly Cell[]> {
  // A second stands for a minute.
  const fetch = guarded({
    responseTimeout: 1000,
    idleTimeout: 1000,
    bodyTimeout: 1500,
    eventTimeout: 2000,
    until: ({ type, data }) => data === '[DONE]' || type === 'message_stop',
  });
  return Promise.all(
    sdks.map(async (sdk) => {
      const [own, ours] = await Promise.all([
        outcomeOf(sdk, fault, globalThis.fetch, window),
        outcomeOf(sdk, fault, fetch, window),
      ]);
      return { fault: fault.title, sdk: sdk.title, own, guarded: ours };
    }),
  );
}

/** As a table of Markdown: docs/sse/guarded-fetch.md has it. */
function report(versions: Readonly<Record<string, string>>, cells: readonly Cell[]): string {
  const faults = [...new Set(cells.map(({ fault }) => fault))];
  return [
    Object.entries(versions).flat().join(' '),
    '',
    `| fault | ${sdks.map(({ title }) => title).join(' | ')} | failure of \`guarded\` |`,
    `| --- |${' --- |'.repeat(sdks.length + 1)}`,
    ...faults.map((fault) => rowOf(cells.filter((cell) => cell.fault === fault))),
  ].join('\n');
}

/** Each SDK with its own fetch, and after the arrow with `guarded`. */
function rowOf(cells: readonly Cell[]): string {
  const [failure = ''] = cells.flatMap(({ guarded: ours }) =>
    ours.type === 'error' && ours.failure !== undefined ? [ours.failure] : [],
  );
  const outcomes = cells.map(
    ({ own, guarded: ours }) => `${formatOutcome(own)} → ${formatOutcome(ours)}`,
  );
  return `| ${[cells[0]?.fault, ...outcomes, failure].join(' | ')} |`;
}
