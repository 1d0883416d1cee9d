/** A value, or a promise of it where it is not there at once. */
export type Maybe<Value> = Value | Promise<Value>;
