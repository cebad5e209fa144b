/**
 * 32 bits of a stream's name, stored for ever (FNV-1a over UTF-16 code units). Names are long and random: an index of
 * their hashes is a third of an index of them, and so changes fewer pages. Two names may share one; the name decides.
 */
export function hashOf(stream: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < stream.length; at += 1) hash = Math.imul(hash ^ stream.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
