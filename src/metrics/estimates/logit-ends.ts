/**
 * The ends of an interval that is made of the logit of a number in (0, 1), z of its standard errors to both sides: it stays within
 * [0, 1], and is longer on the side that is farther from the end of the range. Its error is error / (value (1 - value)).
 */
export function logitEnds(value: number, error: number, z: number): [number, number] {
  const logit = Math.log(value / (1 - value));
  const off = (z * error) / (value * (1 - value));
  return [logistic(logit - off), logistic(logit + off)];
}

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));
