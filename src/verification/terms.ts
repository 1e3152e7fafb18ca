import { malformed, type Place } from '../bytes/byte-source.js';
import { type Expression, isForm, shown } from './s-expressions.js';

/** A variable of a property, as it is named: X_i is an input, Y_i an output. */
export interface Variable {
  kind: 'X' | 'Y';
  index: number;
}

/** A linear term: coefficients by name, and a constant. */
export interface Term {
  coefficients: Map<string, number>;
  constant: number;
  /** What was added up to the constant, in magnitude. */
  load: number;
}

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/;
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
    if (declared.has(word)) return { coefficients: new Map([[word, 1]]), constant: 0, load: 0 };
    if (variableOf(word))
      throw refuse(`${word} is not declared`, `no (declare-const ${word} Real) before it`);
    const value = NUMBER.test(word) ? Number(word) : Number.NaN;
    if (!Number.isFinite(value)) throw refuse('this is no number and no variable', shown(word));
    return { coefficients: new Map(), constant: value, load: Math.abs(value) };
  }
  const [head, ...rest] = expression.items;
  const op = head && !isForm(head) ? head.word : '';
  const parts = rest.map((part) => termOf(part, declared, { file }));
  const [first, ...others] = parts;
  if (!first || !['+', '-', '*'].includes(op))
    throw refuse('this term is not understood', `(${shown(op)} …)`);
  if (op === '+') return others.reduce((sum, term) => added(sum, term, 1), first);
  if (op === '-')
    return others.length === 0
      ? scaled(first, -1)
      : others.reduce((difference, term) => added(difference, term, -1), first);
  return parts.reduce((product, term) => {
    if (product.coefficients.size === 0) return scaled(term, product.constant);
    if (term.coefficients.size === 0) return scaled(product, term.constant);
    throw refuse('a product of variables is not linear', '(* …) of two terms with variables');
  });
}

function added(a: Term, b: Term, sign: 1 | -1): Term {
  const coefficients = new Map(a.coefficients);
  for (const [name, coefficient] of b.coefficients)
    coefficients.set(name, (coefficients.get(name) ?? 0) + sign * coefficient);
  return { coefficients, constant: a.constant + sign * b.constant, load: a.load + b.load };
}

/** a - b */
export const difference = (a: Term, b: Term): Term => added(a, b, -1);

export const scaled = ({ coefficients, constant, load }: Term, by: number): Term => ({
  coefficients: new Map([...coefficients].map(([name, coefficient]) => [name, coefficient * by])),
  constant: constant * by,
  load: load * Math.abs(by),
});
