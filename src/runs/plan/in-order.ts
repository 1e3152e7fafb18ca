import type { ExampleReader } from '../../data/dataset.js';
import { examplesAt } from '../../data/examples-at.js';
import { randomOrder } from '../../random/order.js';
import type { Job } from './plan.js';

/** Reads the examples of a job, in its order. */
export function inOrder({ order }: Pick<Job, 'order'>, reader: ExampleReader, seed: number): ExampleReader {
  if (order === undefined) return reader;
  return { read: async (start, end) => examplesAt(reader, orderOf(order, seed).subarray(start, end)) };
}

const known = new Map<string, Int32Array>();

/** `randomOrder`, made once: every unit of every job asks for it. */
export function orderOf(n: number, seed: number): Int32Array {
  const key = `${n} ${seed}`;
  const order = known.get(key) ?? randomOrder(n, seed);
  known.set(key, order);
  return order;
}
