import { malformed, type Place } from '../bytes/byte-source.js';
import { type Expression, isForm, shown } from './s-expressions.js';

/** A variable of a property, as it is named: X_i is an input, Y_i an output. */
export interface Variable {
  kind: 'X' | 'Y';
  index: number;
}

/** What a variable is multiplied by. */
export interface Coefficient {
  value: number;
  /** What was added up to it, in magnitude. */
  load: number;
  /** Whether it is the number that is written: neither reading, nor adding up, nor multiplying rounded anything. */
  exact: boolean;
}

/** A linear term: coefficients by name, and a constant. */
export interface Term {
  coefficients: Map<string, Coefficient>;
  constant: number;
  /** What was added up to the constant, in magnitude. */
  load: number;
  /** Whether the constant is what is written, as of coefficients. */
  exact: boolean;
}

/** Digits that float64 tells apart, whatever the number. */
const DIGITS = 15;
/** Numbers up to the one are looked at as multiples of the other: with so few digits, those that read as such are such. */
const [LARGE, PARTS] = [2 ** 20, 2 ** 10];

/** Whether the number that a word of few digits writes is surely a number of float64. */
function isExact(word: string, value: number): boolean {
  const digits = word
    .replace(/[eE].*$/, '')
    .replace(/\D/g, '')
    .replace(/^0+/, '');
  // 1e-400 reads as 0, and is not.
  if (value === 0) return digits === '';
  return Math.abs(value) <= LARGE && Number.isInteger(value * PARTS) && digits.length <= DIGITS;
}

/** What is lost of a sum, or kept: a + b = sum + lost (Knuth 1997, section 4.2.2). */
function lost(a: number, b: number, sum: number): number {
  const part = sum - a;
  return a - (sum - part) + (b - part);
}

function added(a: Coefficient, b: Coefficient): Coefficient {
  const value = a.value + b.value;
  return {
    value,
    load: a.load + b.load,
    exact: a.exact && b.exact && lost(a.value, b.value, value) === 0,
  };
}

/** Whether a product of two numbers of float64 is none that was rounded: both are multiples of 1/1024, or one of them is 1 or -1. */
const isProduct = (a: number, b: number): boolean =>
  Math.abs(b) === 1 || ([a, b].every((x) => Number.isInteger(x * PARTS)) && Math.abs(a * b) <= 2 ** 30);

/** Without a choice of how digits are matched: words may be as long as the file. */
const NUMBER = /^[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?$/;
const VARIABLE = /^([XY])_(0|[1-9]\d{0,8})$/;

/** The variable of a name; undefined for other names. */
export function variableOf(name: string): Variable | undefined {
  const [, kind, index] = VARIABLE.exec(name) ?? [];
  return kind === undefined ? undefined : { kind: kind as 'X' | 'Y', index: Number(index) };
}

/**
 * The linear term that an expression writes, with + - and products with constants.
 * Errors: `file-malformed` for what is not linear, no finite number, or not declared.
 */
export function termOf(expression: Expression, declared: ReadonlySet<string>, { file }: Place): Term {
  const refuse = (message: string, found: string) =>
    malformed({ file, path: `line ${expression.line}` }, message, {
      expected: 'a number, X_i or Y_i that is declared, or sums and multiples of these',
      found,
    });
  if (!isForm(expression)) {
    const { word } = expression;
    if (declared.has(word))
      return {
        coefficients: new Map([[word, { value: 1, load: 1, exact: true }]]),
        constant: 0,
        load: 0,
        exact: true,
      };
    if (variableOf(word))
      throw refuse(`${word} is not declared`, `no (declare-const ${word} Real) before it`);
    const value = NUMBER.test(word) ? Number(word) : Number.NaN;
    if (!Number.isFinite(value)) throw refuse('this is no number and no variable', shown(word));
    return { coefficients: new Map(), constant: value, load: Math.abs(value), exact: isExact(word, value) };
  }
  const [head, ...rest] = expression.items;
  const op = head && !isForm(head) ? head.word : '';
  const parts = rest.map((part) => termOf(part, declared, { file }));
  const [first, ...others] = parts;
  if (!first || !['+', '-', '*'].includes(op))
    throw refuse('this term is not understood', `(${shown(op)} …)`);
  if (op === '+') return summed(parts, 1);
  if (op === '-') return others.length === 0 ? scaled(first, -1) : summed(parts, -1);
  const [varying, second] = parts.filter(({ coefficients }) => coefficients.size > 0);
  if (second) throw refuse('a product of variables is not linear', '(* …) of two terms with variables');
  const factors = parts.filter((part) => part !== varying);
  return (varying ? factors : others).reduce(
    (product, { constant, exact }) => scaled(product, constant, exact),
    varying ?? first,
  );
}

/** The first of them and, with a sign, all others. */
function summed([first, ...others]: readonly Term[], sign: 1 | -1): Term {
  const sum = { ...first!, coefficients: new Map(first!.coefficients) };
  for (const other of others) {
    const { coefficients, constant, load, exact } = sign === 1 ? other : scaled(other, -1);
    for (const [name, coefficient] of coefficients) {
      const known = sum.coefficients.get(name);
      sum.coefficients.set(name, known ? added(known, coefficient) : coefficient);
    }
    sum.constant += constant;
    sum.load += load;
    sum.exact &&= exact;
  }
  return sum;
}

/** a - b */
export const difference = (a: Term, b: Term): Term => summed([a, b], -1);

/** 0, for certain. */
const isNothing = ({ value, exact }: Pick<Coefficient, 'value' | 'exact'>): boolean => value === 0 && exact;

/** @param exact whether the factor is what is written */
export const scaled = ({ coefficients, constant, load, ...term }: Term, by: number, exact = true): Term => ({
  coefficients: new Map(
    [...coefficients].map(([name, of]) => [
      name,
      {
        value: of.value * by,
        load: of.load * Math.abs(by),
        exact:
          isNothing(of) || isNothing({ value: by, exact }) || (of.exact && exact && isProduct(of.value, by)),
      },
    ]),
  ),
  constant: constant * by,
  load: load * Math.abs(by),
  exact: term.exact && exact && isProduct(constant, by),
});
