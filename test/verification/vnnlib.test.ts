import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../../src/bytes/limits.js';
import { AssayError } from '../../src/errors.js';
import { readInflated } from '../../src/verification/files.js';
import { holds as holds32, inputsOf } from '../../src/verification/points.js';
import { type Constraint, isMet, type Property } from '../../src/verification/property.js';
import { readProperty } from '../../src/verification/vnnlib.js';

const read = (text: string) => readProperty(text, { file: 'a.vnnlib' });
const HEAD = `(declare-const X_0 Real) (declare-const X_1 Real)
(declare-const Y_0 Real) (declare-const Y_1 Real) ; two of each
(assert (>= X_0 -1)) (assert (<= X_0 1))
(assert (and (<= X_1 2.5e-1) (<= (- 0.25) X_1)))
`;

/** A formula, and what it says by its definition. */
interface Formula {
  text: string;
  holds(x: readonly number[], y: readonly number[]): boolean;
}

const sides: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '<=': (a, b) => a <= b,
  '>=': (a, b) => a >= b,
  '<': (a, b) => a < b,
  '>': (a, b) => a > b,
};
const number = fc.integer({ min: -64, max: 64 }).map((n) => n / 32);
const atomOfInput: fc.Arbitrary<Formula> = fc
  .tuple(fc.nat(1), number, fc.constantFrom(...Object.keys(sides)), fc.boolean())
  .map(([i, value, op, turned]) => ({
    text: turned ? `(${op} ${value} X_${i})` : `(${op} X_${i} ${value})`,
    holds: (x) => (turned ? sides[op]!(value, x[i]!) : sides[op]!(x[i]!, value)),
  }));
const atomOfOutput: fc.Arbitrary<Formula> = fc
  .tuple(fc.constantFrom(...Object.keys(sides)), number, number, number)
  .map(([op, a, b, c]) => ({
    text: `(${op} (+ (* ${a} Y_0) (- ${c})) (- (* Y_1 ${b}) Y_0))`,
    // Both sides moved to one, as sums of few exact numbers.
    holds: (_, y) => sides[op]!(a * y[0]! - c - (b * y[1]! - y[0]!), 0),
  }));
const { formula } = fc.letrec<{ formula: Formula }>((tie) => ({
  formula: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    atomOfInput,
    atomOfOutput,
    fc.tuple(fc.constantFrom('and', 'or'), fc.array(tie('formula'), { minLength: 1, maxLength: 3 })).map(
      ([op, parts]): Formula => ({
        text: `(${op}\n  ${parts.map(({ text }) => text).join(' ')})`,
        holds: (x, y) =>
          op === 'and' ? parts.every((part) => part.holds(x, y)) : parts.some((part) => part.holds(x, y)),
      }),
    ),
  ),
}));

const holds = ({ cases }: Property, x: readonly number[], y: readonly number[]) =>
  cases.some(
    (one) =>
      x.every((at, i) => at >= one.box.lower[i]! && at <= one.box.upper[i]!) &&
      isMet(one, Float32Array.from(y)),
  );

describe('properties', () => {
  it('say what their formulas say', () => {
    fc.assert(
      fc.property(
        fc.array(formula, { minLength: 1, maxLength: 3 }),
        fc.array(fc.tuple(number, number, number, number), { minLength: 20, maxLength: 20 }),
        (formulas, points) => {
          const property = read(HEAD + formulas.map(({ text }) => `(assert ${text})`).join('\n'));
          for (const [x0, x1, y0, y1] of points) {
            const [x, y] = [
              [x0, x1 / 8],
              [y0, y1],
            ];
            const inside = Math.abs(x[0]!) <= 1 && Math.abs(x[1]!) <= 0.25;
            expect(holds(property, x, y)).toBe(inside && formulas.every((f) => f.holds(x, y)));
          }
        },
      ),
      { seed: 15, numRuns: 300 },
    );
  });

  it.each<[string, number | undefined, boolean?]>([
    ['(+ (* 3 Y_0) (* 0.25 Y_0))', 3.25, true],
    ['(- (* 2 (* 1.5 Y_0)) Y_0)', 2, true],
    ['(* -1 Y_0)', -1, true],
    ['(* 1000000.5 Y_0)', 1000000.5, true],
    // Float64 would round a part of these.
    ['(* (* 0.1 10) Y_0)', 1, true],
    ['(- (+ (* 1e17 Y_0) Y_0) (* 1e17 Y_0))', 1, true],
    ['(- (+ (* 0.1 Y_0) (* 0.2 Y_0)) (* 0.3 Y_0))', undefined],
    ['(+ Y_0 (* 0.1 0 Y_0))', 1, true],
    // Not what is written, or no such number of float32.
    ['(* 0.50000000000000000001 Y_0)', 0.5, false],
    ['(* 0.1 Y_0)', 0.1, false],
    ['(+ Y_0 (* 1e-300 Y_0))', 1, false],
    ['(* 1e-400 Y_0)', 0, false],
    ['(* 1e-45 Y_0)', 1e-45, false],
    ['(* 1073741825 Y_0)', 1073741825, false],
  ])('add up coefficients as they are written: %s', (term, coefficient, plain) => {
    const { cases } = read(`${HEAD}(assert (<= ${term} 1))`);
    const [found] = cases[0]!.constraints[0]!.terms;
    expect([found?.coefficient, found?.plain]).toEqual([coefficient, plain]);
  });

  // 0.1 in float32, in all its digits; in as many as name it in float64; and what float64 takes for it besides.
  const [TENTH, SHORTER, NEAR] = [
    '0.100000001490116119384765625',
    '0.10000000149011612',
    '0.1000000014901161193847656250000001',
  ];
  it.each<[string, number[], boolean]>([
    [`(>= Y_0 ${TENTH})`, [0.1, 0], true],
    [`(> Y_0 ${TENTH})`, [0.1, 0], false],
    [`(>= Y_0 ${SHORTER})`, [0.1, 0], false],
    [`(<= Y_0 ${SHORTER})`, [0.1, 0], true],
    [`(>= Y_0 ${NEAR})`, [0.1, 0], false],
    [`(< Y_0 ${NEAR})`, [0.1, 0], true],
    [`(<= (- Y_0) (- ${NEAR}))`, [0.1, 0], false],
    // Sums that float64 rounds, or that overflow there.
    ['(<= (+ Y_0 Y_1) 1)', [1, 1e-30], false],
    ['(<= (- Y_0 Y_1) 1)', [1, 1e-30], true],
    ['(>= (+ Y_0 Y_1 -1) 0)', [1, -1e-30], false],
    ['(> (+ (* 1e-300 Y_1) Y_0) 1)', [1, 1e-30], true],
    ['(> (* 1e-400 Y_0) 0)', [1e-45, 0], true],
    ['(>= (* 1e-400 Y_0) 0)', [-1e-45, 0], false],
    ['(>= (* 1e300 Y_0) (* 1e300 Y_1))', [3e38, 2e38], true],
    ['(>= (* 1e300 Y_0) (* 1e300 Y_1))', [2e38, 3e38], false],
    // What is no finite number.
    ['(>= Y_0 1)', [Number.POSITIVE_INFINITY, 0], false],
    ['(<= Y_0 1)', [Number.NaN, 0], false],
    ['(>= Y_1 1)', [Number.NaN, 2], true],
  ])('are compared without rounding: %s of %j', (condition, outputs, is) => {
    const [one] = read(`${HEAD}(assert ${condition})`).cases;
    expect(isMet(one!, Float32Array.from(outputs))).toBe(is);
  });

  it('bound inputs by all numbers of float32 that lie within what is written, and no other', () => {
    const tenth = Math.fround(0.1);
    const declared = '(declare-const X_0 Real) (declare-const Y_0 Real)';
    for (const [op, end, holdsTenth] of [
      ['>=', TENTH, true],
      ['>', TENTH, false],
      ['>=', SHORTER, false],
      ['>=', NEAR, false],
      ['>=', '0.1000000014901161', true],
      ['<=', TENTH, true],
      ['<', TENTH, false],
      ['<=', SHORTER, true],
      ['<', NEAR, true],
      ['<=', '0.1000000014901161', false],
    ] as const) {
      const other = op.startsWith('<') ? '(>= X_0 -1)' : '(<= X_0 1)';
      const [one] = read(`${declared}(assert (${op} X_0 ${end}))(assert ${other})`).cases;
      expect([op, end, holds32(inputsOf(one!.box), Float32Array.of(tenth))]).toEqual([op, end, holdsTenth]);
    }
  });

  it('bound inputs by exact numbers alone', () => {
    expect(() => read(`${HEAD}(assert (<= (* 1.00000000000000001 X_0) 1))`)).toThrow(/more than numbers/);
    // Nothing of the input is left.
    const { cases } = read(`${HEAD}(assert (<= (- (+ (* 1e17 X_0) Y_0) (* 1e17 X_0)) 1))`);
    expect(cases[0]!.constraints[0]!.terms).toMatchObject([{ output: 0, coefficient: 1 }]);
  });

  it('compare more than two numbers, each with the next', () => {
    const [one, two] = [
      read(`${HEAD}(assert (<= -0.5 X_0 0.5))(assert (< Y_0 Y_1 (+ Y_0 3) 7))`),
      read(`${HEAD}(assert (and (<= -0.5 X_0) (<= X_0 0.5)))
(assert (and (< Y_0 Y_1) (< Y_1 (+ Y_0 3)) (< (+ Y_0 3) 7)))`),
    ];
    expect(one).toEqual(two);
  });

  it('that are about robustness share one box', () => {
    const { cases, inputs, outputs } = read(`${HEAD}(assert (or (and (>= Y_1 Y_0)) (and (>= Y_1 0.5))))`);
    expect([inputs, outputs, cases.length]).toEqual([2, 2, 2]);
    expect(cases[0]!.box).toBe(cases[1]!.box);
    expect(cases[0]).toMatchObject({
      box: { lower: Float64Array.of(-1, -0.25), upper: Float64Array.of(1, 0.25) },
      constraints: [{ constant: expect.closeTo(0), strict: false }],
    });
  });

  it.each<[string, string, RegExp]>([
    ['', '', /X_0 is not declared/],
    ['an output that is missing', '(declare-const X_0 Real)(assert (>= X_0 0))', /Y_0 is not declared/],
    ['a gap in numbers', '(declare-const X_0 Real)(declare-const X_2 Real)', /X_1 is not declared/],
    ['a huge number', '(declare-const X_999999999 Real)(declare-const Y_0 Real)', /X_0 is not declared/],
    [
      'a number too large for one',
      '(declare-const X_99999999999999999999 Real)',
      /declaration is not understood/,
    ],
    ['another type', '(declare-const X_0 Int)', /declaration is not understood/],
    [
      'a missing bound',
      '(declare-const X_0 Real)(declare-const Y_0 Real)(assert (<= X_0 1))',
      /X_0 has no lower/,
    ],
    ['an infinite bound', `${HEAD}(assert (<= X_0 1e999))`, /no number/],
    [
      'a bound that float32 lacks',
      '(declare-const X_0 Real)(declare-const Y_0 Real)(assert (>= X_0 -1e39))(assert (<= X_0 1))',
      /lower bound of X_0 is beyond float32/,
    ],
    ['a number with a tail', `${HEAD}(assert (<= Y_0 ${'1'.repeat(2 ** 18)}x))`, /no number/],
    ['a statement without end', `${HEAD}(assert (and ${'a '.repeat(2 ** 22)}))`, /too long/],
    [
      'a bound in one alternative only',
      HEAD.replace('(assert (>= X_0 -1))', '(assert (or (>= X_0 0) (<= Y_0 1)))'),
      /X_0 has no lower/,
    ],
    ['numbers that overflow', `${HEAD}(assert (<= (* 1e308 1e308 Y_0) 1))`, /too large/],
    ['a number of many places', `${HEAD}(assert (>= Y_0 1e-1101))`, /too many decimal places/],
    ['a number of no end', `${HEAD}(assert (>= Y_0 0.${'0'.repeat(2 ** 18)}1))`, /too many decimal places/],
    ['an exponent of no end', `${HEAD}(assert (>= Y_0 1e-999999999999))`, /too many decimal places/],
    ['multiples of many places', `${HEAD}(assert (>= (* 1e-600 1e-600 Y_0) 0))`, /too many decimal places/],
    ['multiples that overflow', `${HEAD}(assert (>= 0 (* ${'1e308 '.repeat(10_000)})))`, /too large/],
    ['what is not declared', `${HEAD}(assert (<= Y_2 1))`, /Y_2 is not declared/],
    ['another word', `${HEAD}(assert (<= foo 1))`, /no number and no variable/],
    ['negation', `${HEAD}(assert (not (<= Y_0 1)))`, /not understood/],
    ['implication', `${HEAD}(assert (=> (<= Y_0 1) (<= Y_1 1)))`, /not understood/],
    ['a product', `${HEAD}(assert (<= (* Y_0 Y_1) 1))`, /not linear/],
    ['inputs that depend on each other', `${HEAD}(assert (<= X_0 X_1))`, /more than numbers/],
    ['inputs that depend on outputs', `${HEAD}(assert (<= X_0 Y_1))`, /more than numbers/],
    ['inputs with a factor', `${HEAD}(assert (<= (* 2 X_0) 1))`, /more than numbers/],
    ['one side', `${HEAD}(assert (<= Y_0))`, /not understood/],
    ['a conjunction of nothing', `${HEAD}(assert (or (and) (<= Y_0 1)))`, /`and` of nothing/],
    ['an alternative of nothing', `${HEAD}(assert (or))`, /`or` of nothing/],
    ['a chain with a product of inputs', `${HEAD}(assert (<= 0 (* X_0 X_1) 1))`, /not linear/],
    ['a word in the open', `${HEAD} foo`, /outside of brackets/],
    ['an open bracket', `${HEAD}(assert (<= Y_0 1)`, /not closed/],
    ['a bracket too many', `${HEAD})`, /not opened/],
    ['VNN-LIB 2', '(vnnlib-version <2.0>)', /statement is not understood/],
    ['deep nesting', `${HEAD}(assert ${'(and '.repeat(100_000)}`, /nest too deeply/],
    [
      'deep nesting below the limit of a parser',
      `${HEAD}(assert ${'(or '.repeat(150)}(<= Y_0 1)${')'.repeat(150)}) x`,
      /outside/,
    ],
    [
      'alternatives that explode',
      HEAD + '(assert (or (<= Y_0 1) (<= Y_1 1)))'.repeat(40),
      /too many alternatives/,
    ],
    [
      'alternatives that explode in one formula',
      `${HEAD}(assert (and ${'(or (<= Y_0 1) (<= Y_1 1))'.repeat(40)}))`,
      /too many alternatives/,
    ],
  ])('are refused for %s', (_, text, says) => {
    expect(() => read(text)).toThrow(
      expect.objectContaining({ code: 'file-malformed', message: expect.stringMatching(says) }),
    );
  });

  it('take a time that grows with their length', () => {
    const of = (n: number, text: (i: number) => string) =>
      Array.from({ length: n }, (_, i) => text(i)).join('\n');
    const many = 20_000;
    const { cases } = read(`(declare-const X_0 Real)(assert (and (<= 0 X_0) (<= X_0 1)))
${of(many, (i) => `(declare-const Y_${i} Real)`)}
(assert (<= (+ ${of(many, (i) => `(* 2 Y_${i})`)}) 1))
${of(4 * many, (i) => `(assert (<= Y_0 ${i}))`)}`);
    expect(cases).toHaveLength(1);
    expect(cases[0]!.constraints).toHaveLength(1 + 4 * many);
    expect(cases[0]!.constraints[0]!.terms).toHaveLength(many);
    const wide = read(`(declare-const Y_0 Real)
${of(many, (i) => `(declare-const X_${i} Real)(assert (<= 0 X_${i}))(assert (<= X_${i} 1))`)}
(assert (or ${of(many, (i) => `(<= Y_0 ${i})`)}))`);
    expect(wide.cases).toHaveLength(many);
  });

  it('take a time that does not grow with how deep products are, of however many digits', () => {
    const [many, depth] = [20_000, 180];
    const outputs = Array.from({ length: many }, (_, i) => `Y_${i}`);
    const begun = performance.now();
    const { cases } = read(`(declare-const X_0 Real)(assert (and (<= 0 X_0) (<= X_0 1)))
${outputs.map((name) => `(declare-const ${name} Real)`).join('\n')}
(assert (<= ${'(* 2 '.repeat(depth)}(- (* 0.${'7'.repeat(1050)} (+ ${outputs.join(' ')} 1)))${')'.repeat(depth)} 0))`);
    const multiple = { digits: -BigInt('7'.repeat(1050)) * 2n ** 180n, exponent: -1050 };
    const [{ terms, exactly }] = cases[0]!.constraints as [Constraint];
    expect(terms).toHaveLength(many);
    expect([terms[0]!.exactly, terms.at(-1)!.exactly, exactly]).toEqual([multiple, multiple, multiple]);
    // A second, where 180 times 20,000 products take minutes.
    expect(performance.now() - begun).toBeLessThan(30_000);
  });

  it('that are too long are refused with a remedy that works, gzipped or not', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'assay-vnnlib-'));
    const long = Buffer.alloc(limits.vnnlib.value + 1, ' ');
    for (const [name, bytes] of [
      ['long.vnnlib', long],
      ['long.vnnlib.gz', gzipSync(long, { level: 1 })],
    ] as const) {
      writeFileSync(join(folder, name), bytes);
      await expect(readInflated(join(folder, name), 'vnnlib')).rejects.toMatchObject({
        code: 'file-malformed',
        details: { hint: limits.vnnlib.instead, file: join(folder, name) },
      });
    }
    rmSync(folder, { recursive: true });
  });

  it('tell the line', () => {
    expect(() => read(`${HEAD}\n(assert\n  (<= Y_7 1))`)).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ path: 'line 7', file: 'a.vnnlib' }) }),
    );
  });

  it('that are damaged are read or refused', () => {
    const text = `${HEAD}(assert (or (and (>= Y_1 Y_0) (<= X_0 0.5)) (<= (+ Y_0 1) 0)))`;
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.nat(text.length),
            fc.nat(3),
            fc.string({ maxLength: 3, unit: fc.constantFrom(...'()XY_01-+*;| \nae.') }),
          ),
          { minLength: 1, maxLength: 4 },
        ),
        (changes) => {
          let damaged = text;
          for (const [at, cut, put] of changes)
            damaged = damaged.slice(0, at) + put + damaged.slice(at + cut);
          try {
            const { inputs, cases } = read(damaged);
            for (const { box } of cases) {
              expect(box.lower).toHaveLength(inputs);
              expect([...box.lower, ...box.upper].every(Number.isFinite)).toBe(true);
            }
          } catch (error) {
            expect(error).toBeInstanceOf(AssayError);
          }
        },
      ),
      { seed: 16, numRuns: 2000 },
    );
  });
});
