/** A reader of a body that is written in parts. */
export interface Sink {
  /** Returns whether it takes more now; else `onDrain` is called once it does. */
  write(text: string): boolean;
  onDrain(callback: () => void): void;
  /** Called once, also if the reader is gone already. */
  onClose(callback: () => void): void;
  end(): void;
}
