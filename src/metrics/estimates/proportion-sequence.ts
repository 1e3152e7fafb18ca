import { logGamma } from '../distributions/log-gamma.js';
import { boundary } from './boundary.js';
import type { Draws } from './majority-sequence.js';

/** What rounding may do to a log-likelihood: numbers at the threshold stay. */
const ROUNDING = 1e-6;

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
  /** The first number that surely does not stay, on the way to an end that does not. */
  const edge = (outside: number) => boundary(stays, likeliest, outside).first;
  return [right === 0 ? 0 : edge(0), wrong === 0 ? 1 : edge(1)];
}

/** k log p, which is nothing for k = 0. */
const term = (k: number, p: number): number => (k === 0 ? 0 : k * Math.log(p));
