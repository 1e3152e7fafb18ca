/** How far a coordinate can go along a slope before it meets the box. */
export function room(value: number, slope: number): number {
  if (slope === 0) return 0;
  return slope > 0 ? 1 - value : value;
}

/**
 * Length of the shortest way from x in the box [0, 1]^d to the points x + m with <w, m> = gap, found from the other side: how much a budget of length gains is known for
 * each norm (equal shares, proportional shares by bisection, a fractional knapsack), and the budget is bisected.
 */
export function shortestWay(norm: string, x: ArrayLike<number>, w: ArrayLike<number>, gap: number): number {
  const a = Array.from(w, Math.abs);
  const rooms = Array.from(w, (v, i) => room(x[i]!, Math.sign(gap) * v));
  const bisect = (rises: (t: number) => boolean, top: number) => {
    let [lo, hi] = [0, top];
    for (let k = 0; k < 60; k++) {
      const mid = (lo + hi) / 2;
      if (rises(mid)) hi = mid;
      else lo = mid;
    }
    return hi;
  };
  const gained = (budget: number): number => {
    if (norm === 'Linf') return a.reduce((sum, v, i) => sum + v * Math.min(budget, rooms[i]!), 0);
    if (norm === 'L1') {
      let [left, sum] = [budget, 0];
      for (const i of a.map((_, k) => k).sort((p, q) => a[q]! - a[p]!)) {
        const way = Math.min(left, rooms[i]!);
        left -= way;
        sum += a[i]! * way;
      }
      return sum;
    }
    const moved = (t: number) => a.map((v, i) => Math.min(t * v, rooms[i]!));
    const t = bisect((one) => Math.hypot(...moved(one)) > budget, 1e3);
    return moved(t).reduce((sum, m, i) => sum + a[i]! * m, 0);
  };
  return bisect((budget) => gained(budget) >= Math.abs(gap), w.length);
}
