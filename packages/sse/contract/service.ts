/**
 * A service through which a harness drives clients and checks them. `GET /` lists the capabilities,
 * `POST /` starts a client, `POST` and `DELETE` of its `Location` command and stop it, `DELETE /`
 * ends the program. The client posts its events and errors to the harness.
 *
 *     app              oneForAll: the front holds the pids of the clients
 *     ├── clients      a process for each client, started and stopped by the front
 *     └── front        HTTP
 */
import process from 'node:process';
import { inspect, parseArgs } from 'node:util';

import { Application, DynamicSupervisor } from '@reprise/actor';

import { clients, childSpec as frontSpec } from './front.ts';

const usage = `Usage: contract-service PORT

Lets a harness drive SSE clients over HTTP, on port PORT of 127.0.0.1; 0 takes any that is free.
`;

const port = readPort();
const service = Application.run({
  strategy: 'oneForAll',
  children: [
    DynamicSupervisor.childSpec({ id: 'clients', name: clients }),
    frontSpec({
      port,
      stop: () => {
        service.stop();
      },
    }),
  ],
});

function readPort(): number {
  const { help, ports } = readArguments();
  if (help) {
    process.stdout.write(usage);
    process.exit(0);
  }
  const [port = ''] = ports;
  if (ports.length !== 1 || !/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    misuse(`Expected PORT to be a whole number from 0 to 65535, got ${inspect(ports.join(' '))}`);
  }
  return Number(port);
}

function readArguments(): { readonly help: boolean; readonly ports: readonly string[] } {
  try {
    const options = { help: { type: 'boolean', short: 'h', default: false } } as const;
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    return { help: values.help, ports: positionals };
  } catch (error) {
    return misuse((error as Error).message);
  }
}

function misuse(message: string): never {
  process.stderr.write(`${message}\n\n${usage}`);
  process.exit(2);
}
