import { malformed, type Place } from '../bytes/byte-source.js';
import { limits } from '../bytes/limits.js';
import { amongFloat32, isFloat32, isWithinFloat64, nearest, negated, next, ONE } from './decimal.js';
import { type Constraint, termOfOutput } from './property.js';
import { type Expression, isForm, shown } from './s-expressions.js';
import { difference, type Term, termOf, variableOf } from './terms.js';

/** A bound of an input. */
export interface InputBound {
  input: number;
  side: 'lower' | 'upper';
  value: number;
}

/** What holds or not of an input or of outputs. */
export type Atom = { bound: InputBound } | { constraint: Constraint };

/** What an assertion says, as alternatives of atoms that hold together. */
export type Alternatives = readonly (readonly Atom[])[];

const COMPARISONS: Readonly<Record<string, { sign: 1 | -1; strict: boolean }>> = {
  '<=': { sign: 1, strict: false },
  '>=': { sign: -1, strict: false },
  '<': { sign: 1, strict: true },
  '>': { sign: -1, strict: true },
};

/** What messages say that a formula is. */
const FORMULA = '(and …), (or …), (<= a b), (>= a b), (< a b), (> a b) or (= a b)';

/**
 * The disjunctive normal form of a formula.
 * Errors: `file-malformed` for what is no formula of boxes and linear outputs, or has too many alternatives.
 */
export function alternativesOf(
  expression: Expression,
  declared: ReadonlySet<string>,
  place: Place,
): Alternatives {
  const at: Place = { file: place.file, path: `line ${expression.line}` };
  const [head, ...rest] = isForm(expression) ? expression.items : [];
  const op = head && !isForm(head) ? head.word : '';
  if ((op === 'and' || op === 'or') && rest.length === 0)
    throw malformed(at, `\`${op}\` of nothing says nothing`, {
      expected: FORMULA,
      found: `(${op})`,
      hint: 'the file may be cut short, or was generated of an empty list: leave the assertion out if it is meant to say nothing',
    });
  if (op === 'and') {
    const parts = rest.map((part) => alternativesOf(part, declared, place));
    // One by one, thousands of bounds would be copied thousands of times.
    const sure = parts.flatMap((part) => (part.length === 1 ? part[0]! : []));
    return parts
      .filter((part) => part.length !== 1)
      .reduce<Alternatives>((all, part) => both(all, part, at), [sure]);
  }
  if (op === 'or') {
    const all = rest.flatMap((part) => alternativesOf(part, declared, place));
    refuseMany(all, [[]], at);
    return all;
  }
  if (rest.length < 2 || !(op === '=' || Object.hasOwn(COMPARISONS, op)))
    throw malformed(at, 'this assertion is not understood', {
      expected: FORMULA,
      found: isForm(expression) ? `(${shown(op)} …) of ${rest.length}` : shown(expression.word),
      hint: 'write it with these alone: `not` and `=>` can be written out',
    });
  // Of more than two, each and the next.
  const terms = rest.map((part) => termOf(part, declared, place));
  const ways = op === '=' ? ['<=', '>='] : [op];
  return [terms.slice(1).flatMap((right, i) => ways.map((way) => atomOf(way, terms[i]!, right, at)))];
}

/** What both say, together. Errors: as `alternativesOf`. */
export function both(a: Alternatives, b: Alternatives, at: Place): Alternatives {
  if (a.length === 1 && a[0]!.length === 0) return b;
  if (b.length === 1 && b[0]!.length === 0) return a;
  refuseMany(a, b, at);
  return a.flatMap((one) => b.map((other) => [...one, ...other]));
}

/** Before they are multiplied out. */
function refuseMany(a: Alternatives, b: Alternatives, at: Place): void {
  const atoms = (all: Alternatives) => all.reduce((sum, one) => sum + one.length, 0);
  const counts = {
    vnnlibCases: a.length * b.length,
    vnnlibAtoms: atoms(a) * b.length + atoms(b) * a.length,
  };
  for (const name of ['vnnlibCases', 'vnnlibAtoms'] as const) {
    const { value, of, instead } = limits[name];
    if (counts[name] > value)
      throw malformed(at, 'the property has too many alternatives', {
        expected: `at most ${value} ${of}`,
        found: `${counts[name]}`,
        hint: instead,
      });
  }
}

function atomOf(op: string, left: Term, right: Term, at: Place): Atom {
  const { sign, strict } = COMPARISONS[op]!;
  const less = sign === 1 ? difference(left, right) : difference(right, left);
  const { constant } = less;
  const names = [...less.coefficients].filter(([, { digits }]) => digits !== 0n);
  if (![constant, ...names.map(([, factor]) => factor)].every(isWithinFloat64))
    throw malformed(at, 'numbers are too large', { expected: 'sums and products below 1.8e308' });
  const [[name, coefficient] = ['', ONE]] = names.filter(([one]) => variableOf(one)?.kind === 'X');
  if (name === '')
    return {
      constraint: {
        terms: names.map(([output, factor]) => termOfOutput(variableOf(output)?.index ?? 0, factor)),
        constant: nearest(constant),
        exactly: constant,
        strict,
      },
    };
  const side = [1, -1].find((one) => isFloat32(coefficient, one));
  if (names.length > 1 || side === undefined)
    throw malformed(at, 'inputs are bounded by more than numbers', {
      expected: `a box: (<= ${name} number) and (>= ${name} number)`,
      found: `a condition on ${names
        .slice(0, 3)
        .map(([one]) => one)
        .join(', ')}${names.length > 3 ? ' and others' : ''}`,
      hint: 'inputs that depend on each other, or on outputs, are not verified',
    });
  // side * X + constant <= 0
  const end = amongFloat32(side === 1 ? negated(constant) : constant);
  return {
    bound: {
      input: variableOf(name)?.index ?? 0,
      side: side === 1 ? 'upper' : 'lower',
      // A box that has the next number holds no end that is left out.
      value: strict ? next(end, side === 1 ? -1 : 1) : end,
    },
  };
}
