/**
 * The number of characters that string searches scan while a function runs: a cost of parsing that
 * does not depend on the machine. The search methods of strings and regular expressions count the
 * characters between their start and their match.
 */
export function scannedCharacters(work: () => void): number {
  const { indexOf, charCodeAt } = String.prototype;
  const { exec } = RegExp.prototype;
  let count = 0;
  Object.assign(String.prototype, {
    indexOf(this: string, sought: string, from = 0): number {
      const found = indexOf.call(this, sought, from);
      count += (found === -1 ? this.length : found + 1) - from;
      return found;
    },
    charCodeAt(this: string, index: number): number {
      count += 1;
      return charCodeAt.call(this, index);
    },
  });
  Object.assign(RegExp.prototype, {
    exec(this: RegExp, text: string): RegExpExecArray | null {
      const from = this.global ? this.lastIndex : 0;
      const found = exec.call(this, text);
      count += (found === null ? text.length : found.index + found[0].length) - from;
      return found;
    },
  });
  try {
    work();
  } finally {
    Object.assign(String.prototype, { indexOf, charCodeAt });
    Object.assign(RegExp.prototype, { exec });
  }
  return count;
}
