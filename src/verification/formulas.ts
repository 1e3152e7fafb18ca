import { malformed, type Place } from '../bytes/byte-source.js';
import { limits } from '../bytes/limits.js';
import type { Constraint } from './property.js';
import { type Expression, isForm, shown } from './s-expressions.js';
import { difference, scaled, type Term, termOf, variableOf } from './terms.js';

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

/** What is multiplied by less, though not by 0, is refused. */
const LEAST = 1e-290;

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
  const term = scaled(difference(left, right), sign);
  const numbers = [...term.coefficients.values()].flatMap(({ value, load }) => [value, load]);
  if (![term.constant, ...numbers].every(Number.isFinite))
    throw malformed(at, 'numbers are too large', { expected: 'sums and products below 1.8e308' });
  // Of what is smaller, float64 has fewer digits or none.
  if ([...term.coefficients.values()].some(({ load, exact }) => !exact && load < LEAST))
    throw malformed(at, 'numbers are too small', { expected: `multiples of 0, or of ${LEAST} and more` });
  // One that was rounded to 0 need not be 0.
  const names = [...term.coefficients].filter(([, { value, exact }]) => value !== 0 || !exact);
  const inputs = names.filter(([name]) => variableOf(name)?.kind === 'X');
  const [[name, { value: coefficient, exact }] = ['', { value: 0, exact: true }]] = inputs;
  if (inputs.length === 0)
    return {
      constraint: {
        terms: names.map(([output, factor]) => ({
          output: variableOf(output)?.index ?? 0,
          coefficient: factor.value,
          ...(!factor.exact && { rounded: factor.load }),
        })),
        constant: term.constant,
        load: term.load,
        strict,
      },
    };
  if (names.length > 1 || Math.abs(coefficient) !== 1 || !exact)
    throw malformed(at, 'inputs are bounded by more than numbers', {
      expected: `a box: (<= ${name} number) and (>= ${name} number)`,
      found: `a condition on ${names
        .slice(0, 3)
        .map(([one]) => one)
        .join(', ')}${names.length > 3 ? ' and others' : ''}`,
      hint: 'inputs that depend on each other, or on outputs, are not verified',
    });
  // coefficient * X + constant <= 0
  const end = -term.constant / coefficient;
  return {
    bound: {
      input: variableOf(name)?.index ?? 0,
      side: coefficient > 0 ? 'upper' : 'lower',
      value: strict ? next(end, coefficient > 0 ? -1 : 1) : end,
    },
  };
}

/** The float64 number after another one: a box that has it holds no end that is left out. */
function next(x: number, direction: 1 | -1): number {
  if (x === 0) return direction * Number.MIN_VALUE;
  const cell = new DataView(new ArrayBuffer(8));
  cell.setFloat64(0, x);
  cell.setBigInt64(0, cell.getBigInt64(0) + (x > 0 === direction > 0 ? 1n : -1n));
  return cell.getFloat64(0);
}
