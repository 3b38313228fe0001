// Random choices that are always the same for a seed: mulberry32.
export function randomFrom(seed) {
  let state = seed | 0;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const below = (n) => Math.floor(random() * n);
  return {
    random,
    below,
    chance: (p) => random() < p,
    one: (list) => list[below(list.length)],
    some: (most, make) => Array.from({ length: below(most + 1) }, make),
  };
}
