import cliTruncate from 'cli-truncate';
import stringWidth from 'string-width';

/** A column of a table. */
export interface Column<Row> {
  readonly title: string;
  /** In characters. `rest`: the column takes the rest of the line. */
  readonly width: number | 'rest';
  readonly isNumber?: boolean;
  /** Those with the greatest number go first where the terminal is narrow. */
  readonly rank: number;
  /** `paint` is given a text that has its width already. */
  readonly cell: (row: Row) => string;
  readonly paint?: (text: string, row: Row) => string;
}

/** In characters. */
const gap = 2;
/** The least width of a name, in characters. */
const leastName = 14;

/** The columns that a terminal has room for, each with its width. */
export function fitColumns<Row>(
  columns: readonly Column<Row>[],
  width: number,
): readonly (readonly [column: Column<Row>, width: number])[] {
  const taken = columns.reduce(
    (sum, { width: own }) => sum + (own === 'rest' ? leastName : own) + gap,
    -gap,
  );
  if (taken > width && columns.length > 1) {
    const last = Math.max(...columns.map(({ rank }) => rank));
    return fitColumns(
      columns.filter(({ rank }) => rank !== last),
      width,
    );
  }
  const rest = Math.max(1, Math.min(width, leastName + width - taken));
  return columns.map((column) => [column, column.width === 'rest' ? rest : column.width]);
}

/** A line of the table, `undefined` for its head. */
export function tableLine<Row>(
  columns: readonly (readonly [column: Column<Row>, width: number])[],
  row: Row | undefined,
): string {
  return columns
    .map(([column, width]) => {
      const { title, cell, isNumber = false, paint = (text: string) => text } = column;
      const text = fit(row === undefined ? title : cell(row), width, isNumber);
      return row === undefined ? text : paint(text, row);
    })
    .join(' '.repeat(gap));
}

/** A text of exactly this width: cut in the middle, or filled. */
function fit(text: string, width: number, isRight = false): string {
  const cut = cliTruncate(text, width, { position: 'middle' });
  const space = ' '.repeat(Math.max(0, width - stringWidth(cut)));
  return isRight ? space + cut : cut + space;
}

/** Two texts at the ends of a line. */
export function ends(left: string, right: string, width: number): string {
  const room = width - stringWidth(right) - 1;
  return room < 1 ? cliTruncate(left, width) : `${fitEnd(left, room)} ${right}`;
}

function fitEnd(text: string, width: number): string {
  const cut = cliTruncate(text, width);
  return cut + ' '.repeat(Math.max(0, width - stringWidth(cut)));
}
