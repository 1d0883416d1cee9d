/** The task of a program, from the suite. */
export interface Order {
  /** The faults to play; none for all of them. */
  readonly names: readonly string[];
  readonly isJson: boolean;
  /** How long each SDK is watched under each fault, in ms. */
  readonly window: number;
}
