/** The nearest point of ball and box, slowly: bisection on the multiplier of the ball, the box coordinate by coordinate. */
export function nearest(
  norm: string,
  x: ArrayLike<number>,
  x0: ArrayLike<number>,
  epsilon: number,
): number[] {
  const boxed = (values: number[]) => values.map((v) => Math.min(1, Math.max(0, v)));
  const delta = Array.from(x, (v, i) => v - x0[i]!);
  const moved = (multiplier: number) =>
    boxed(
      delta.map((d, i) => {
        if (norm === 'L1') return x0[i]! + Math.sign(d) * Math.max(0, Math.abs(d) - multiplier);
        return x0[i]! + d / (1 + multiplier);
      }),
    );
  const length = (point: number[]) => {
    const changes = point.map((v, i) => Math.abs(v - x0[i]!));
    return norm === 'L1' ? changes.reduce((a, b) => a + b, 0) : Math.hypot(...changes);
  };
  if (norm === 'Linf') return boxed(delta.map((d, i) => x0[i]! + Math.min(epsilon, Math.max(-epsilon, d))));
  if (length(moved(0)) <= epsilon) return moved(0);
  let [lo, hi] = [0, 1];
  while (length(moved(hi)) > epsilon) hi *= 2;
  for (let i = 0; i < 100; i++) {
    const mid = (lo + hi) / 2;
    if (length(moved(mid)) > epsilon) lo = mid;
    else hi = mid;
  }
  return moved(hi);
}
