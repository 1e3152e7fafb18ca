/** Which pixel of a line of n stands at a place beyond its ends. */
export type Border = (place: number, n: number) => number;

/** aaa | abcd | ddd */
export const nearest: Border = (place, n) => Math.min(n - 1, Math.max(0, place));

/** cba | abcd | dcb, as `reflect` of SciPy. */
export const reflect: Border = (place, n) => {
  const within = modulo(place, 2 * n);
  return within < n ? within : 2 * n - 1 - within;
};

/** dcb | abcd | cba, as OpenCV has it unless told otherwise (REFLECT_101). */
export const mirror: Border = (place, n) => {
  if (n === 1) return 0;
  const within = modulo(place, 2 * n - 2);
  return within < n ? within : 2 * n - 2 - within;
};

const modulo = (place: number, n: number) => ((place % n) + n) % n;
