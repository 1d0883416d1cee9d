export interface EscapeOptions {
  /**
   * `short`: `\x1b`, and `\u{202e}` from U+0100 on, as in JavaScript. `json`: `\u001b`, as in JSON
   * and JavaScript. Default: `short`.
   */
  readonly notation?: 'short' | 'json';
  /** Characters that stay as they are, such as `'\t\n'`. Default: none. */
  readonly keep?: string;
}

/**
 * Text from elsewhere (a server, an error message) with every character escaped that could do more
 * than be read in a terminal or a log:
 *
 * - controls, U+0000 to U+001F and U+007F to U+009F: they move the cursor, clear the screen, ring;
 * - the line and paragraph separators, U+2028 and U+2029: some readers begin a new line at them;
 * - bidirectional controls, U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069: they change
 *   the order in which the rest of the line is read;
 * - the byte order mark, U+FEFF, which is invisible;
 * - halves of surrogate pairs, which no encoder can write.
 * @see Unicode Standard Annex 9, "Unicode Bidirectional Algorithm"
 * @example
 * ```ts
 * import { escapeControls } from '@reprise/actor/text';
 *
 * console.log(escapeControls('\u001B[2Jgone')); // \x1b[2Jgone
 * console.log(escapeControls('\u001B[2Jgone', { notation: 'json' })); // \u001b[2Jgone
 * ```
 */
export function escapeControls(
  text: string,
  { notation = 'short', keep = '' }: EscapeOptions = {},
): string {
  return text.replaceAll(controls, (control) =>
    keep.includes(control) ? control : escapeOf(control.charCodeAt(0), notation),
  );
}

const controls = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]/gu;

function escapeOf(code: number, notation: 'short' | 'json'): string {
  const hex = code.toString(16);
  if (notation === 'json') {
    return `\\u${hex.padStart(4, '0')}`;
  }
  return code < 0x1_00 ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`;
}
