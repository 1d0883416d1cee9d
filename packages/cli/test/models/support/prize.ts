/** The prize of a number of the lottery. */
export function prize(number: number): number {
  return 10 * number;
}
