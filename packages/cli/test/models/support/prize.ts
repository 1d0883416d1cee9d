/** What a number of the lottery wins. */
export function prize(number: number): number {
  return 10 * number;
}
