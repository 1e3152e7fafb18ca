import { expect, it } from 'vitest';
import { boxMuller } from '../../src/random/box-muller.js';
import { stream } from '../../src/random/stream.js';
import { unit } from '../../src/random/unit.js';

/** The definition (Box & Muller 1958), with the functions of the language. */
function literal(words: ArrayLike<number>): number[] {
  const out: number[] = [];
  for (let w = 0; w < words.length; w += 4) {
    const radius = Math.sqrt(-2 * Math.log(1 - unit(words[w]!, words[w + 1]!)));
    const angle = 2 * Math.PI * unit(words[w + 2]!, words[w + 3]!);
    out.push(radius * Math.cos(angle), radius * Math.sin(angle));
  }
  return out;
}

it('normal draws are those of the definition, of the words of the stream, up to 1e-14', () => {
  const [key, count] = [{ seed: 3, purpose: 'test/box-muller', example: 0 }, 100_001];
  const words = new Uint32Array(4 * Math.ceil(count / 2));
  stream(key).uint32s(words);
  const normals = new Float64Array(count);
  stream(key).normals(normals);
  const expected = literal(words);
  expect(normals.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0)).toBeLessThan(
    1e-14,
  );
});

/** sfc32, as its author gives it; `state` is moved on. */
function sfc32(state: Uint32Array): number {
  const [a = 0, b = 0, c = 0, n = 0] = state;
  const word = (a + b + n) >>> 0;
  state.set([b ^ (b >>> 9), c + (c << 3), ((c << 21) | (c >>> 11)) + word, n + 1]);
  return word;
}

/** A state whose next words are these two. */
function stateBefore(first: number, second: number): Uint32Array {
  // The second word is 9 c + 1: the inverse of 9 modulo 2^32.
  const c = Math.imul(second - 1, 0x38e38e39);
  return Uint32Array.of(first, 0, c, 0);
}

it('so they are at the smallest and largest uniform numbers, at every power of two and between cells', () => {
  const most = 0xffffffff;
  const powers = Array.from({ length: 32 }, (_, i) => 2 ** i).flatMap((p) => [p, p - 1, most - p]);
  const edges = Array.from({ length: 513 }, (_, i) => Math.min(most, (i * 2 ** 32) / 512));
  for (const first of [0, most, ...powers, ...edges])
    for (const second of [0, 1, 63, 64, most]) {
      const state = stateBefore(first, second);
      const [words, found] = [state.slice(), new Float64Array(2)];
      boxMuller(new Int32Array(state.buffer), found, 0, 1);
      const four = Array.from({ length: 4 }, () => sfc32(words));
      expect(four.slice(0, 2)).toEqual([first, second]);
      const expected = literal(four);
      for (const k of [0, 1]) expect(Math.abs(found[k]! - expected[k]!)).toBeLessThan(1e-14);
      expect([...state]).toEqual([...words]);
    }
});
