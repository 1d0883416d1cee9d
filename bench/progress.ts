/** By the time of `performance.now`. */
let nextLineAt = 0;

/** On a terminal one line that changes, otherwise a new line every half a minute. */
export function progress(text: string): void {
  if (process.stderr.isTTY) {
    process.stderr.write(`\r\u001B[K${text}`);
  } else if (performance.now() >= nextLineAt) {
    nextLineAt = performance.now() + 30_000;
    console.error(text);
  }
}
