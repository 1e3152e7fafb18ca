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
  if (op === '+') return summed(parts, 1);
  if (op === '-') return others.length === 0 ? scaled(first, -1) : summed(parts, -1);
  const [varying, second] = parts.filter(({ coefficients }) => coefficients.size > 0);
  if (second) throw refuse('a product of variables is not linear', '(* …) of two terms with variables');
  const factors = parts.filter((part) => part !== varying);
  const by = (all: readonly Term[]) => all.reduce((product, { constant }) => product * constant, 1);
  return varying ? scaled(varying, by(factors)) : scaled(first, by(others));
}

/** The first of them and, with a sign, all others. */
function summed([first, ...others]: readonly Term[], sign: 1 | -1): Term {
  const sum = { ...first!, coefficients: new Map(first!.coefficients) };
  for (const { coefficients, constant, load } of others) {
    for (const [name, coefficient] of coefficients)
      sum.coefficients.set(name, (sum.coefficients.get(name) ?? 0) + sign * coefficient);
    sum.constant += sign * constant;
    sum.load += load;
  }
  return sum;
}

/** a - b */
export const difference = (a: Term, b: Term): Term => summed([a, b], -1);

export const scaled = ({ coefficients, constant, load }: Term, by: number): Term => ({
  coefficients: new Map([...coefficients].map(([name, coefficient]) => [name, coefficient * by])),
  constant: constant * by,
  load: load * Math.abs(by),
});
