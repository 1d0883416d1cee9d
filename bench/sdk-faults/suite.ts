import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { Argument, Command } from 'commander';

import { sdkFaults } from './faults.ts';
import type { Order } from './order.ts';

/** How long each SDK is watched under each fault, in ms. */
const window = { full: 6000, quick: 3000 };

export const sdkFaultsCommand: Command = new Command('sdk-faults')
  .description('plays faults to SDKs, with the fetch of Node and with guarded')
  .addArgument(new Argument('[name...]', 'only these').choices(sdkFaults.map(({ name }) => name)))
  .option('--json', 'print one JSON document: versions, and every outcome')
  .option('--quick', 'watch for 3 s and not for 6')
  .action(
    async (
      names: readonly string[],
      { json = false, quick = false }: { readonly json?: boolean; readonly quick?: boolean },
    ) => {
      const order: Order = { names, isJson: json, window: quick ? window.quick : window.full };
      const program = fileURLToPath(new URL('program.ts', import.meta.url));
      const child = spawn(
        process.execPath,
        ['--conditions=@reprise/source', program, JSON.stringify(order)],
        { stdio: 'inherit' },
      );
      [process.exitCode] = (await once(child, 'exit')) as [number];
    },
  );
