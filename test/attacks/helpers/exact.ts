/** How far a step of a linear function can go in ball and box: the largest w . delta. Closed forms and a bisection. */
export function steepestRise(
  w: readonly number[],
  x0: ArrayLike<number>,
  norm: string,
  epsilon: number,
): number {
  const room = w.map((v, j) => (v > 0 ? 1 - x0[j]! : x0[j]));
  if (norm === 'Linf') return w.reduce((s, v, j) => s + Math.abs(v) * Math.min(epsilon, room[j]!), 0);
  if (norm === 'L1') {
    // The steepest coordinates to their bounds, until the radius is used up.
    const order = [...w.keys()].sort((a, b) => Math.abs(w[b]!) - Math.abs(w[a]!));
    let left = epsilon;
    return order.reduce((sum, j) => {
      const moved = Math.min(left, room[j]!);
      left -= moved;
      return sum + moved * Math.abs(w[j]!);
    }, 0);
  }
  // L2 with a box: move along |w| until coordinates hit their bound.
  let [lo, hi] = [0, 1e6];
  const moved = (t: number) => w.map((v, j) => Math.min(t * Math.abs(v), room[j]!));
  for (let i = 0; i < 200; i++) {
    const mid = (lo + hi) / 2;
    if (Math.hypot(...moved(mid)) > epsilon) hi = mid;
    else lo = mid;
  }
  return moved(lo).reduce((s, m, j) => s + Math.abs(w[j]!) * m, 0);
}

/** Whether some image in ball and box is misclassified by the linear model of these classes: exact. */
export function exactlyBroken(
  weights: readonly (readonly number[])[],
  x0: ArrayLike<number>,
  label: number,
  norm: string,
  epsilon: number,
): boolean {
  return weights.some((row, k) => {
    if (k === label) return false;
    const w = row.map((v, j) => v - weights[label]![j]!);
    const clean = w.reduce((sum, v, j) => sum + v * x0[j]!, 0);
    return clean + steepestRise(w, x0, norm, epsilon) > 0;
  });
}
