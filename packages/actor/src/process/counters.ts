/** The counters of a process. A base class for the reason that `Linkable` gives. */
export abstract class Counters {
  /** How many messages its code has taken. */
  handled = 0;
  /**
   * How long its turns have held the thread, in ms. It begins as -0, so that the field is a double
   * from the start: each turn adds to it in place.
   */
  busy = -0;
}
