import { malformed, type Place } from '../bytes/byte-source.js';
import {
  type Decimal,
  decimalOf,
  isWithinFloat64,
  negated,
  ONE,
  PLACES,
  plus,
  times,
  ZERO,
} from './decimal.js';
import { type Expression, type Form, isForm, shown, type Word } from './s-expressions.js';

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
  return new Reading(declared, file).termOf(expression);
}

/** Multiples are handed down to what they are of: each word is met once, however deep products nest. */
class Reading {
  /** Whether a variable is in brackets. */
  private readonly known = new Map<Form, boolean>();

  constructor(
    private readonly declared: ReadonlySet<string>,
    private readonly file: string,
  ) {}

  termOf(expression: Expression): Term {
    const term: Term = { coefficients: new Map(), constant: ZERO };
    this.add(term, expression, ONE);
    return term;
  }

  /** Adds a multiple of what an expression writes. */
  private add(term: Term, expression: Expression, factor: Decimal): void {
    if (isForm(expression)) this.addForm(term, expression, factor);
    else if (this.declared.has(expression.word)) addTo(term.coefficients, expression.word, factor);
    else term.constant = plus(term.constant, this.product(factor, this.numberOf(expression), expression));
  }

  private addForm(term: Term, form: Form, factor: Decimal): void {
    const [head, ...parts] = form.items;
    const op = head && !isForm(head) ? head.word : '';
    if (parts.length === 0 || !['+', '-', '*'].includes(op))
      throw this.refusal(form, 'this term is not understood', `(${shown(op)} …)`);
    if (op === '*') this.addProduct(term, parts, factor, form);
    // (- a) is -a.
    else
      parts.forEach((part, i) => {
        const falls = op === '-' && (i > 0 || parts.length === 1);
        this.add(term, part, falls ? negated(factor) : factor);
      });
  }

  private addProduct(term: Term, parts: readonly Expression[], factor: Decimal, form: Form): void {
    const [varying, second] = parts.filter((part) => this.varies(part));
    if (second)
      throw this.refusal(form, 'a product of variables is not linear', '(* …) of two terms with variables');
    const own = parts
      .filter((part) => part !== varying)
      .reduce((product, part) => this.product(product, this.termOf(part).constant, form), ONE);
    const whole = this.product(factor, own, form);
    if (varying) this.add(term, varying, whole);
    else term.constant = plus(term.constant, whole);
  }

  private varies(expression: Expression): boolean {
    if (!isForm(expression)) return this.declared.has(expression.word);
    const found = this.known.get(expression) ?? expression.items.some((item) => this.varies(item));
    this.known.set(expression, found);
    return found;
  }

  private product(a: Decimal, b: Decimal, at: Expression): Decimal {
    const product = times(a, b);
    if (product.exponent < -PLACES) throw this.tooLong(at);
    if (!isWithinFloat64(product)) throw this.refusal(at, 'numbers are too large', 'a product above 1.8e308');
    return product;
  }

  private numberOf(of: Word): Decimal {
    const { word } = of;
    if (variableOf(word))
      throw this.refusal(of, `${word} is not declared`, `no (declare-const ${word} Real) before it`);
    if (!NUMBER.test(word) || !Number.isFinite(Number(word)))
      throw this.refusal(of, 'this is no number and no variable', shown(word));
    const number = decimalOf(word);
    if (!number) throw this.tooLong(of);
    return number;
  }

  private placeOf({ line }: Expression): Place {
    return { file: this.file, path: `line ${line}` };
  }

  private refusal(at: Expression, message: string, found: string) {
    return malformed(this.placeOf(at), message, {
      expected: 'a number, X_i or Y_i that is declared, or sums and multiples of these',
      found,
    });
  }

  private tooLong(at: Expression) {
    return malformed(this.placeOf(at), 'numbers have too many decimal places', {
      expected: `at most ${PLACES}, also of products`,
      hint: 'write it with fewer digits: numbers of float64 take no more',
    });
  }
}

const addTo = (coefficients: Map<string, Decimal>, name: string, factor: Decimal) =>
  coefficients.set(name, plus(coefficients.get(name) ?? ZERO, factor));

/** a - b */
export function difference(a: Term, b: Term): Term {
  const coefficients = new Map(a.coefficients);
  for (const [name, coefficient] of b.coefficients) addTo(coefficients, name, negated(coefficient));
  return { coefficients, constant: plus(a.constant, negated(b.constant)) };
}
