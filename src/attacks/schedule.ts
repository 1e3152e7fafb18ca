/** From `first` at step 0 towards `last` after `steps` steps, along half a cosine (Loshchilov & Hutter 2017). */
export function cosine(first: number, last: number, step: number, steps: number): number {
  return last + ((first - last) * (1 + Math.cos((Math.PI * step) / steps))) / 2;
}
