import { expect, it } from 'vitest';
import { alikeNote, nearestRms } from '../../../suites/samples/duplicates.js';

/** Image i is (i, i), but for the last, which is the first again. */
const images = (n: number) => ({
  shape: [n, 1, 1, 2],
  data: Float32Array.from({ length: 2 * n }, (_, k) => Math.floor(k / 2) % (n - 1)),
});

it('samples are compared with all others', () => {
  expect([...nearestRms(images(4))]).toEqual([0, 1, 1, 0]);
  const most = nearestRms(images(2000));
  expect([most[0], most[1], most[1999]]).toEqual([0, 1, 0]);
  expect(nearestRms({ shape: [1, 1, 1, 2], data: new Float32Array(2) })).toHaveLength(0);
  expect(alikeNote(2000)).toBe('closer than 5 levels of 255, root mean square');
});

it('beyond 2,000 samples with those around them only, which the measure says', () => {
  const apart = nearestRms(images(2002));
  expect([apart[0], apart[2001]]).toEqual([1, 1001]);
  expect(alikeNote(2002)).toMatch(/each compared with the 2000 around it only$/);
});
