const { imul } = Math;

/**
 * The rank of a node for a key (rendezvous hashing): the node with the highest rank takes the key.
 * A node that joins or leaves moves only the keys that it takes or had.
 */
export function rankOf(nodeHash: number, keyHash: number): number {
  let mixed = nodeHash ^ imul(keyHash, 0x9e3779b1);
  mixed = imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** FNV-1a of the UTF-16 code units: the same on every machine. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    hash = imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return hash >>> 0;
}
