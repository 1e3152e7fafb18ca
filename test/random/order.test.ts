import { expect, it } from 'vitest';
import { randomOrder } from '../../src/random/order.js';

it('a random order holds every number once, another one for another seed', () => {
  const order = randomOrder(1000, 1);
  expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  expect(randomOrder(1000, 1)).toEqual(order);
  expect(randomOrder(1000, 2)).not.toEqual(order);
});

it('a longer data set has the same order among the same examples', () => {
  expect(randomOrder(500, 7).filter((i) => i < 100)).toEqual(randomOrder(100, 7));
});

it('a random order does not follow the position', () => {
  const n = 2000;
  const order = randomOrder(n, 3);
  let sum = 0;
  for (let i = 0; i < n; i++) sum += (i - (n - 1) / 2) * (order[i]! - (n - 1) / 2);
  // Of a random order, the rank correlation has mean 0 and deviation 1 / sqrt(n - 1).
  expect(Math.abs((12 * sum) / (n ** 3 - n))).toBeLessThan(4 / Math.sqrt(n - 1));
});
