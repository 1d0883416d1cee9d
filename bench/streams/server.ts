import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';

/** Starts a program that prints its port first. */
export async function startServer(
  ...command: readonly [string, ...string[]]
): Promise<{ readonly server: ChildProcess; readonly port: number }> {
  const server = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  const [port] = (await once(server.stdout as NonNullable<typeof server.stdout>, 'data')) as [
    Buffer,
  ];
  return { server, port: Number(port.toString()) };
}

/** The number of streams that a process may hold here: at most `streams`. */
export function possibleStreams(streams: number): number {
  // Some file descriptors are needed for other things.
  const limit = Number(execFileSync('sh', ['-c', 'ulimit -n']).toString()) - 100;
  if (limit < streams) {
    console.error(`ONLY ${limit} STREAMS, NOT ${streams}: ulimit -n allows no more`);
    return limit;
  }
  return streams;
}
