// Not looked up at each call: inside a context of node:vm, as in Jest, that is slow.
const { imul } = Math;

/**
 * A generator of whole numbers from 0 to 2^32 - 1 (sfc32 of PractRand): the same seed gives the
 * same numbers on every machine. `name` tells the generators of one seed apart.
 */
export function createRandom(seed: number, name: string): () => number {
  let a = seed | 0;
  let b = Math.floor(seed / 2 ** 32) | 0;
  let c = hashOf(name);
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  // Neighbouring seeds give neighbouring numbers until the state is mixed.
  for (let round = 0; round < 12; round += 1) {
    next();
  }
  return next;
}

/** FNV-1a of the UTF-16 code units. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    hash = imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return hash | 0;
}
