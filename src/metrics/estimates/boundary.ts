/** Halvings of an interval until its ends are neighbours, or nearly. */
const HALVINGS = 60;

/** Where something that holds at `from`, and not at `to`, ceases to hold on the way: the last place where it does, and the first where not. */
export function boundary(
  holds: (x: number) => boolean,
  from: number,
  to: number,
): { last: number; first: number } {
  let [last, first] = [from, to];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (last + first) / 2;
    if (holds(middle)) last = middle;
    else first = middle;
  }
  return { last, first };
}
