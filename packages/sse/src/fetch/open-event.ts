/** Whether the bytes of an event stream so far have begun an event that they do not end. */
export class OpenEvent {
  isOpen = false;
  #line: 'empty' | 'field' | 'comment' = 'empty';
  #lastByte = LF;

  take(packet: Uint8Array): void {
    for (const byte of packet) {
      if (byte === CR || (byte === LF && this.#lastByte !== CR)) {
        this.isOpen &&= this.#line !== 'empty';
        this.#line = 'empty';
      } else if (byte !== LF && this.#line === 'empty') {
        this.#line = byte === COLON ? 'comment' : 'field';
        this.isOpen ||= byte !== COLON;
      }
      this.#lastByte = byte;
    }
  }
}

const LF = 10;
const CR = 13;
const COLON = 58;
