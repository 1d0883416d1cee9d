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
 * then. A program that goes on all the same is killed after the time in the URL of the module. One
 * that is ending already gets no signal: a second one would end it at once.
 */
export function endWithParent(url: string): void {
  const { channel } = process;
  // Threads of a worker, and programs that it spawns, load the module too.
  if (channel === undefined || channel === null) {
    return;
  }
  const shutdown = Number(new URL(url).searchParams.get(parameter));
  const isEnding = watchSignals();
  process.once('disconnect', () => {
    afterPoll(() => {
      if (!isEnding()) {
        process.kill(process.pid, 'SIGTERM');
      }
    });
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

/**
 * Whether a signal that ends programs has come, and the program has seen it. No listener: Node
 * keeps a program alive that has one, and libraries end it only if theirs are all there are.
 */
function watchSignals(): () => boolean {
  let hasCome = false;
  process.emit = new Proxy(Reflect.get(process, 'emit'), {
    apply: (emit, self, event: unknown[]) => {
      hasCome ||= event[0] === 'SIGINT' || event[0] === 'SIGTERM';
      return Reflect.apply(emit, self, event) as unknown;
    },
  });
  return () => hasCome;
}

/** Once what has arrived by now is handled: a signal of the parent before its death is. */
function afterPoll(callback: () => void): void {
  setImmediate(() => {
    setImmediate(callback);
  });
}

function ignore(): void {
  // There is nobody to tell.
}

function killSelf(): void {
  process.kill(process.pid, 'SIGKILL');
}
