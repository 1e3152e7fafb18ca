import { expect, it } from 'vitest';
import { symmetricEigen } from '../../src/metrics/linear-algebra/symmetric-eigen.js';
import { whiten } from '../../src/metrics/linear-algebra/whitening.js';
import { stream } from '../../src/random/stream.js';
import { factorised } from '../../src/scores/factorised.js';

/** X X' of random X (size, size). */
function gram(size: number): Float64Array {
  const source = stream({ seed: 1, purpose: 'gram', example: 0 });
  const x = Float64Array.from({ length: size * size }, () => source.normal());
  return Float64Array.from({ length: size * size }, (_, at) => {
    const [i, j] = [Math.floor(at / size), at % size];
    let sum = 0;
    for (let k = 0; k < size; k++) sum += x[i * size + k]! * x[j * size + k]!;
    return sum;
  });
}

/** Comparing entry by entry takes seconds. */
const bytes = (values: Float64Array) => Buffer.from(values.buffer, values.byteOffset, values.byteLength);

it.each([5, 257])('a matrix of %i rows is factorised as it is at once', async (size) => {
  const matrix = gram(size);
  const [eigen, same] = [await factorised('eigen', matrix, size), symmetricEigen(matrix, size)];
  expect(eigen.values).toEqual(same.values);
  expect(bytes(eigen.vectors).equals(bytes(same.vectors))).toBe(true);
  const [whitening, alike] = [await factorised('whitening', matrix, size), whiten(matrix, size)];
  expect(whitening.rank).toBe(alike.rank);
  expect(bytes(whitening.matrix).equals(bytes(alike.matrix))).toBe(true);
});

it('others are heard while a large one is factorised', async () => {
  const order: string[] = [];
  const large = factorised('eigen', gram(257), 257).then(() => order.push('factorised'));
  // The loop turns before the thread has answered, however slow this thread is: an answer takes a turn itself.
  await new Promise((resolve) => setImmediate(resolve));
  order.push('heard');
  await large;
  expect(order).toEqual(['heard', 'factorised']);
});

it('an interruption ends the thread at once', async () => {
  const size = 1500;
  const matrix = Float64Array.from(
    { length: size * size },
    (_, at) => 1 / (1 + Math.abs(Math.floor(at / size) - (at % size))),
  );
  const [stopped, other] = [new AbortController(), new AbortController()];
  // Another thread with the same to do, which takes a quarter of a minute: it is at it yet when the first has ended.
  let done = false;
  const whole = factorised('eigen', matrix, size, other.signal).finally(() => {
    done = true;
  });
  const ended = expect(factorised('eigen', matrix, size, stopped.signal)).rejects.toMatchObject({
    code: 'interrupted',
  });
  setTimeout(() => stopped.abort(), 50);
  await ended;
  expect(done).toBe(false);
  other.abort();
  await expect(whole).rejects.toMatchObject({ code: 'interrupted' });
  await expect(factorised('eigen', matrix, size, stopped.signal)).rejects.toMatchObject({
    code: 'interrupted',
  });
});
