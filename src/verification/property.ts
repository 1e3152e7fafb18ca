/** Between which numbers every input lies, both included, in the order of the flattened input. */
export interface Box {
  lower: Float64Array;
  upper: Float64Array;
}

/** coefficient * Y */
export interface LinearTerm {
  output: number;
  coefficient: number;
  /** Where the coefficient is not the number that is written but near it: what was added up to it, in magnitude. */
  rounded?: number;
}

/** A linear inequality of outputs: the sum of coefficient * Y, plus a constant, is at most 0. */
export interface Constraint {
  terms: readonly LinearTerm[];
  constant: number;
  /** What was added up to the constant, in magnitude. */
  load: number;
  /** Below 0, instead of at most. */
  strict: boolean;
}

/** One way to violate what is to be verified: an input of the box, whose outputs meet all constraints. */
export interface Case {
  box: Box;
  constraints: readonly Constraint[];
}

/** What is asked of a network: whether any input and its outputs make one of the cases. */
export interface Property {
  inputs: number;
  outputs: number;
  /** None where every box is empty. Those of one box share it. */
  cases: readonly Case[];
}

/** What is to be at most 0 of the outputs from `offset` on. */
export function levelOf({ terms, constant }: Constraint, outputs: Float32Array, offset = 0): number {
  let sum = constant;
  for (const { output, coefficient } of terms) sum += coefficient * outputs[offset + output]!;
  return sum;
}

/** What coefficients that were rounded may be off by, relative to what was added up: more than enough. */
const ROUNDED = 1e-12;

/** What rounding of coefficients may take from what is to be at most 0. */
function spareOf({ terms }: Constraint, outputs: Float32Array, offset: number): number {
  let spare = 0;
  for (const { output, rounded } of terms)
    if (rounded !== undefined) spare += ROUNDED * rounded * Math.abs(outputs[offset + output]!);
  return spare;
}

/** Whether outputs, from `offset` on, meet all constraints of a case. What is no number meets none. */
export const isMet = ({ constraints }: Case, outputs: Float32Array, offset = 0): boolean =>
  constraints.every((constraint) => {
    const value = levelOf(constraint, outputs, offset) + spareOf(constraint, outputs, offset);
    return constraint.strict ? value < 0 : value <= 0;
  });

/** Cases by their box, in order. */
export function byBox(cases: readonly Case[]): Map<Box, Case[]> {
  const groups = new Map<Box, Case[]>();
  for (const one of cases) {
    const known = groups.get(one.box);
    if (known) known.push(one);
    else groups.set(one.box, [one]);
  }
  return groups;
}
