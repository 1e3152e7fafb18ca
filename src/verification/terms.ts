import { malformed, type Place } from '../bytes/byte-source.js';
import { type Decimal, decimalOf, nearest, negated, ONE, PLACES, plus, times, ZERO } from './decimal.js';
import { type Expression, isForm, shown } from './s-expressions.js';

/** A variable of a property, as it is named: X_i is an input, Y_i an output. */
export interface Variable {
  kind: 'X' | 'Y';
  index: number;
}

/** A linear term: coefficients by name, and a constant. */
export interface Term {
  coefficients: Map<string, Decimal>;
  constant: Decimal;
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
  const tooLong = () =>
    malformed({ file, path: `line ${expression.line}` }, 'numbers have too many decimal places', {
      expected: `at most ${PLACES}, also of products`,
      hint: 'write it with fewer digits: numbers of float64 take no more',
    });
  if (!isForm(expression)) {
    const { word } = expression;
    if (declared.has(word)) return { coefficients: new Map([[word, ONE]]), constant: ZERO };
    if (variableOf(word))
      throw refuse(`${word} is not declared`, `no (declare-const ${word} Real) before it`);
    if (!NUMBER.test(word) || !Number.isFinite(Number(word)))
      throw refuse('this is no number and no variable', shown(word));
    const constant = decimalOf(word);
    if (!constant) throw tooLong();
    return { coefficients: new Map(), constant };
  }
  const [head, ...rest] = expression.items;
  const op = head && !isForm(head) ? head.word : '';
  const parts = rest.map((part) => termOf(part, declared, { file }));
  const [first, ...others] = parts;
  if (!first || !['+', '-', '*'].includes(op))
    throw refuse('this term is not understood', `(${shown(op)} …)`);
  if (op === '+') return summed(parts, 1);
  if (op === '-') return others.length === 0 ? scaled(first, negated(ONE)) : summed(parts, -1);
  const [varying, second] = parts.filter(({ coefficients }) => coefficients.size > 0);
  if (second) throw refuse('a product of variables is not linear', '(* …) of two terms with variables');
  const factors = parts.filter((part) => part !== varying);
  return (varying ? factors : others).reduce((product, { constant }) => {
    const all = scaled(product, constant);
    const numbers = [all.constant, ...all.coefficients.values()];
    if (numbers.some(({ exponent }) => exponent < -PLACES)) throw tooLong();
    if (!numbers.every((number) => Number.isFinite(nearest(number))))
      throw refuse('numbers are too large', 'a product above 1.8e308');
    return all;
  }, varying ?? first);
}

/** The first of them and, with a sign, all others. */
function summed([first, ...others]: readonly Term[], sign: 1 | -1): Term {
  const coefficients = new Map(first!.coefficients);
  let { constant } = first!;
  const signed = (of: Decimal) => (sign === 1 ? of : negated(of));
  for (const other of others) {
    for (const [name, coefficient] of other.coefficients)
      coefficients.set(name, plus(coefficients.get(name) ?? ZERO, signed(coefficient)));
    constant = plus(constant, signed(other.constant));
  }
  return { coefficients, constant };
}

/** a - b */
export const difference = (a: Term, b: Term): Term => summed([a, b], -1);

const scaled = ({ coefficients, constant }: Term, by: Decimal): Term => ({
  coefficients: new Map([...coefficients].map(([name, of]) => [name, times(of, by)])),
  constant: times(constant, by),
});
