import process from 'node:process';

const parameter = 'shutdown';

/** The URL of the module that runs `endWithParent` in a worker. `shutdown` in ms. */
export function preloadUrl(shutdown: number): string {
  const url = new URL(import.meta.resolve('@reprise/cluster/worker'));
  url.searchParams.set(parameter, String(shutdown));
  return url.href;
}

/**
 * Ends this process in order when its parent has died, by whatever signal: the channel to it closes
 * then. A program that goes on all the same is killed after the time in the URL of the module.
 */
export function endWithParent(url: string): void {
  const { channel } = process;
  // Threads of a worker, and programs that it spawns, load the module too.
  if (channel === undefined || channel === null) {
    return;
  }
  const shutdown = Number(new URL(url).searchParams.get(parameter));
  process.once('disconnect', () => {
    process.kill(process.pid, 'SIGTERM');
    if (shutdown < Infinity) {
      // The longest time that a timer takes.
      setTimeout(killSelf, Math.min(shutdown, 2 ** 31 - 1)).unref();
    }
  });
  // A message that the program sends to a parent that has died would else be an error that nobody
  // catches: the program would fail in the middle of its end in order.
  process.on('error', ignore);
  // The channel alone keeps no program alive.
  channel.unref();
}

function ignore(): void {
  // There is nobody to tell.
}

function killSelf(): void {
  process.kill(process.pid, 'SIGKILL');
}
