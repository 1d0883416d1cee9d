/**
 * The stderr of a program without reports of slow callbacks: on a loaded machine any program can
 * write one. For tests that are about something else.
 */
export function withoutSlowCallbacks(stderr: string): string {
  return stderr.replaceAll(/^.* held the thread for \d+ ms\n +ms: \d+\n/gm, '');
}
