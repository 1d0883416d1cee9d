const number = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const percent = new Intl.NumberFormat('en', { style: 'percent' });

/** Three digits, in multiples of the unit; empty for a missing value. */
export function formatNumber(value: number | undefined, unit = 1): string {
  return value === undefined ? '' : number.format(value / unit);
}

/** A share of 1 in percent. */
export function formatShare(value: number): string {
  return percent.format(value);
}

/** The lines of a table: its first and its last column aligned left, those between right. */
export function table(rows: readonly (readonly string[])[]): readonly string[] {
  const width = (at: number): number => Math.max(...rows.map((row) => row[at]?.length ?? 0));
  return rows.map((row) =>
    row
      .map((cell, at) => {
        const isText = at === 0 || at === row.length - 1;
        return isText ? cell.padEnd(width(at)) : cell.padStart(width(at));
      })
      .join('  ')
      .trimEnd(),
  );
}
