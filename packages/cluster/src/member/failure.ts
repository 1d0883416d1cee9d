/** Why a request of the store has failed. */
export interface Failure {
  /** In ms since 1970. */
  readonly at: number;
  /** The request, such as `renew`. */
  readonly request: string;
  /** The words of the store, without secrets. */
  readonly text: string;
}
