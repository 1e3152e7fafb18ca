import { logGamma } from '../distributions/log-gamma.js';
import type { Draws } from './majority-sequence.js';

/** What rounding may do to a log-likelihood: numbers at the threshold stay. */
const ROUNDING = 1e-6;

/** Halvings of an interval within [0, 1] until its ends are neighbours, or nearly. */
const HALVINGS = 60;

/**
 * What the probability of a success can be, at any time: whenever one looks, and whatever makes one stop, all intervals of the
 * sequence hold the right number with at least the probability `level`. Each is the set of numbers p under which what was seen
 * has a probability of at least (1 - level) / (seen + 1), the prior-posterior ratio of a uniform prior (Robbins 1970;
 * Waudby-Smith & Ramdas 2020, section 2; Ville's inequality). Draws must be independent.
 * @returns both ends, in [0, 1]
 */
export function proportionSequence({ seen, right }: Draws, level = 0.95): [number, number] {
  const choices = logGamma(seen + 1) - logGamma(right + 1) - logGamma(seen - right + 1);
  const threshold = Math.log(1 - level) - Math.log(seen + 1) - choices - ROUNDING;
  const wrong = seen - right;
  const stays = (p: number) => term(right, p) + term(wrong, 1 - p) >= threshold;
  const likeliest = seen === 0 ? 0.5 : right / seen;
  return [right === 0 ? 0 : edge(likeliest, 0, stays), wrong === 0 ? 1 : edge(likeliest, 1, stays)];
}

/** k log p, which is nothing for k = 0. */
const term = (k: number, p: number): number => (k === 0 ? 0 : k * Math.log(p));

/** The last number that surely does not stay, on the way from one that does to an end that does not. */
function edge(inside: number, outside: number, stays: (p: number) => boolean): number {
  let [stay, gone] = [inside, outside];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (stay + gone) / 2;
    if (stays(middle)) stay = middle;
    else gone = middle;
  }
  return gone;
}
