/**
 * The time for sockets, programs and the like to close after the last test, in ms: a program that
 * was told to end needs the processor for it, which others have on a busy machine.
 */
export const closingTime = 60_000;

/** `TCPServerWrap, 1000 × TCPSocketWrap`, however many there are. */
export function counted(types: readonly string[]): string {
  return [...new Set(types)]
    .map((type) => {
      const count = types.filter((other) => other === type).length;
      return count === 1 ? type : `${count} × ${type}`;
    })
    .join(', ');
}
