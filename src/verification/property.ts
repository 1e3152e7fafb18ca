import { type Decimal, decimalOfFloat32, isFloat32, nearest, plus, signOf, times } from './decimal.js';

/** Between which numbers every input lies, both included, in the order of the flattened input. */
export interface Box {
  lower: Float64Array;
  upper: Float64Array;
}

/** coefficient * Y */
interface LinearTerm {
  output: number;
  /** The nearest float64. */
  coefficient: number;
  /** As it is written. */
  exactly: Decimal;
  /** Whether `coefficient` is that number, and neither large nor small: a multiple of 1/1024 of at most 2^30, and a float32. */
  plain: boolean;
}

/** A linear inequality of outputs: the sum of coefficient * Y, plus a constant, is at most 0. */
export interface Constraint {
  terms: readonly LinearTerm[];
  /** The nearest float64. */
  constant: number;
  /** As it is written. */
  exactly: Decimal;
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

/** Of an output, times a number. */
export function termOfOutput(output: number, exactly: Decimal): LinearTerm {
  const coefficient = nearest(exactly);
  const simple = Number.isInteger(coefficient * 2 ** 10) && Math.abs(coefficient) <= 2 ** 30;
  const plain = simple && Math.fround(coefficient) === coefficient && isFloat32(exactly, coefficient);
  return { output, coefficient, exactly, plain };
}

/** What is to be at most 0 of the outputs from `offset` on, about. */
export function levelOf({ terms, constant }: Constraint, outputs: Float32Array, offset = 0): number {
  let sum = constant;
  for (const { output, coefficient } of terms) sum += coefficient * outputs[offset + output]!;
  return sum;
}

/** What `levelOf` may be off by, relative to what is added up, for each number of it; and in all, of numbers that are too small. */
const [ROUNDED, LOST] = [2 ** -51, 1e-280];

/** The sign of what is to be at most 0, without any rounding; no number where an output is not finite. */
function signOfLevel(constraint: Constraint, outputs: Float32Array, offset: number): number {
  const { terms, constant, exactly } = constraint;
  let size = Math.abs(constant);
  for (const { output, coefficient } of terms) size += Math.abs(coefficient * outputs[offset + output]!);
  const level = levelOf(constraint, outputs, offset);
  if (Math.abs(level) > ROUNDED * (terms.length + 2) * size + LOST) return Math.sign(level);
  let sum = exactly;
  for (const { output, exactly: factor } of terms) {
    const y = outputs[offset + output]!;
    if (!Number.isFinite(y)) return Number.NaN;
    sum = plus(sum, times(factor, decimalOfFloat32(y)));
  }
  return signOf(sum);
}

/** Whether outputs, from `offset` on, meet all constraints of a case, as they are written. What is no finite number meets none. */
export const isMet = ({ constraints }: Case, outputs: Float32Array, offset = 0): boolean =>
  constraints.every((constraint) => {
    const sign = signOfLevel(constraint, outputs, offset);
    return constraint.strict ? sign < 0 : sign <= 0;
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
