import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** How often it looks, in ms. */
const interval = 200;

/**
 * Calls back when the reader of a pipe has gone, as that of `reprise tail | head -1`, although
 * nothing is written. Node does not tell, so this looks at the open files of the reader: only Linux
 * shows them, and not those of another user. Elsewhere the next write fails. The timer keeps no
 * program alive.
 */
export function watchReader(fd: number, gone: () => void): void {
  const pipe = linkOf(`/proc/self/fd/${fd}`) ?? '';
  let reader = pipe.startsWith('pipe:') ? readerOf(pipe) : undefined;
  if (reader === undefined) {
    return;
  }
  const timer = setInterval(() => {
    // A shell hands the pipe on to the program that it starts.
    if (linkOf(reader ?? '') !== pipe && (reader = readerOf(pipe)) === undefined) {
      clearInterval(timer);
      gone();
    }
  }, interval);
  timer.unref();
}

/** The open file of some process that is the end of this pipe to read from. */
function readerOf(pipe: string): string | undefined {
  for (const pid of entriesOf('/proc')) {
    const files = /^\d+$/.test(pid) ? entriesOf(`/proc/${pid}/fd`) : [];
    const found = files.find(
      (file) => linkOf(`/proc/${pid}/fd/${file}`) === pipe && isForReading(pid, file),
    );
    if (found !== undefined) {
      return `/proc/${pid}/fd/${found}`;
    }
  }
  return undefined;
}

/** The two lowest bits of the flags are the access mode, in octal; O_RDONLY is 0. */
function isForReading(pid: string, file: string): boolean {
  return attempt(() => /^flags:\s*\d*[04]$/m.test(textOf(`/proc/${pid}/fdinfo/${file}`))) ?? false;
}

function textOf(path: string): string {
  return readFileSync(path, 'utf8');
}

function linkOf(path: string): string | undefined {
  return attempt(() => readlinkSync(path));
}

function entriesOf(path: string): readonly string[] {
  return attempt(() => readdirSync(path)) ?? [];
}

/** `undefined` where there is no such file any more, or no permission to see it. */
function attempt<Value>(look: () => Value): Value | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
