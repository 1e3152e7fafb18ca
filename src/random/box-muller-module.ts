import { type Code, call, doWhile, f64x2, i8x16, i32, i32x4, i64x2, v128, when } from '../wasm/code.js';
import { type Local, Locals, moduleBytes } from '../wasm/module.js';
import { ANGLE_CELLS, LOG_CELLS } from './box-muller.js';

/** Streams side by side: a word of each fits a vector. */
export const STREAMS = 4;

/** Numbers of a stream that are made at most, so that those of all stay in the nearest cache. */
export const MOST = 1024;

/** Where things lie in the memory of the module, in bytes. */
const STATE = 0;
const LOGARITHMS = 64;
const TURNS = LOGARITHMS + 16 * (LOG_CELLS + 1);
const NORMALS = TURNS + 16 * (ANGLE_CELLS + 1);

/** The same in numbers. */
export const AT = {
  /** (4, STREAMS) of int32: the words of sfc32's states. */
  state: STATE / 4,
  /** (LOG_CELLS + 1, 2) of float64: 1 / m and log m at every cell of [1, 2]. */
  logarithms: LOGARITHMS / 8,
  /** (ANGLE_CELLS + 1, 2) of float64: cosine and sine at every cell of a turn. */
  turns: TURNS / 8,
  /** (STREAMS, MOST) of float64: what is made. */
  normals: NORMALS / 8,
};

const PAGES = Math.ceil((NORMALS + 8 * STREAMS * MOST) / 65_536);

/** Of log(1 + r) = r - r^2 (1/2 - r (...)), sin d = d - d^3 (...), cos d = 1 - d^2 (...): as `boxMuller` has them. */
const LOG_SERIES = [1 / 3, 1 / 4, 1 / 5, 1 / 6, 1 / 7];
const SINE_SERIES = [1 / 6, 1 / 120];
const COSINE_SERIES = [0.5, 1 / 24, 1 / 720];

/** Of two vectors, the first numbers of both, and the second ones. */
const FIRSTS = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];
const SECONDS = FIRSTS.map((byte) => byte + 8);
const UPPER_HALF = [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15];

/** The number of the function that it is given. */
const MATH_LOG = 0;

/** Numbers below this are not looked up. */
const SMALLEST = 2 ** -30;

/** The bits of a float64 that are not its sign and exponent. */
const FRACTION = 0x000f_ffff_ffff_ffffn;
const { add, sub, mul } = f64x2;
const number = f64x2.const;

/** c0 - x (c1 - x (c2 - ...)) */
const series = (x: Code, [first = 0, ...rest]: readonly number[]): Code =>
  rest.length === 0 ? number(first) : sub(number(first), mul(x, series(x, rest)));

/**
 * `fill(bytes)`: what `boxMuller` does, to the bit, for four streams side by side; as many bytes of normals of each, whose
 * states it moves on. Every operation of float64 stands in the same order. sfc32 runs in a vector of four words; then two
 * streams at a time fill a vector of float64. `log`, which is Math.log, is called for the tiny numbers outside the table.
 */
function fill(): { locals: Locals; code: Code } {
  const locals = new Locals(['i32']);
  const bytes = locals.parameter(0);
  const { at } = locals.more('i32', 'at');
  const { x, y, z, n } = locals.more('v128', 'x', 'y', 'z', 'n');
  const words = locals.more('v128', 'first', 'second', 'third', 'fourth');
  const { v, m, r, log, cell, one, two } = locals.more('v128', 'v', 'm', 'r', 'log', 'cell', 'one', 'two');
  const { radius, turn, near, d, q } = locals.more('v128', 'radius', 'turn', 'near', 'd', 'q');
  const { sine, cosine, sines, cosines } = locals.more('v128', 'sine', 'cosine', 'sines', 'cosines');

  const { shl, shr_u } = i32x4;
  const by = i32.const;
  const nextWord = (word: Local): Code => [
    ...word.set(i32x4.add(i32x4.add(x.value, y.value), n.value)),
    ...n.set(i32x4.add(n.value, i32x4.splat(i32.const(1)))),
    ...x.set(v128.xor(y.value, shr_u(y.value, by(9)))),
    ...y.set(i32x4.add(z.value, shl(z.value, by(3)))),
    ...z.set(i32x4.add(v128.or(shl(z.value, by(21)), shr_u(z.value, by(11))), word.value)),
  ];
  /** As `unit`, of the streams of a half. */
  const unit = (high: Local, low: Local, half: 0 | 1): Code => {
    const float = ({ value }: Local, bits: number) => {
      const shifted = shr_u(value, by(bits));
      return f64x2.convert_low_i32x4_s(half === 0 ? shifted : i8x16.shuffle(UPPER_HALF, shifted, shifted));
    };
    return mul(add(mul(float(high, 5), number(2 ** 26)), float(low, 6)), number(2 ** -53));
  };
  /** The entries of a table, for each of two offsets in bytes. */
  const lookUp = (table: number): Code => [
    ...one.set(v128.load(table, i32x4.extract_lane(0, cell.value))),
    ...two.set(v128.load(table, i32x4.extract_lane(2, cell.value))),
  ];
  const firsts = i8x16.shuffle(FIRSTS, one.value, two.value);
  const seconds = i8x16.shuffle(SECONDS, one.value, two.value);

  /** m and the nearest of the cells of [1, 2] by the bits of v, and log v. */
  const logarithm: Code = [
    ...m.set(v128.or(v128.and(v.value, i64x2.const(FRACTION)), number(1))),
    ...cell.set(
      i64x2.shr_u(i64x2.add(v128.and(v.value, i64x2.const(FRACTION)), i64x2.const(1n << 44n)), by(45)),
    ),
    ...cell.set(shl(cell.value, by(4))),
    ...lookUp(LOGARITHMS),
    ...r.set(sub(mul(m.value, firsts), number(1))),
    // The exponent of v stands in its bits as 1023 - e; in the fraction of 2^52 it is a number of its own.
    ...log.set(v128.or(i64x2.shr_u(v.value, by(52)), number(2 ** 52))),
    ...log.set(sub(seconds, mul(sub(number(2 ** 52 + 1023), log.value), number(Math.LN2)))),
    ...log.set(
      add(
        log.value,
        sub(r.value, mul(mul(r.value, r.value), sub(number(0.5), mul(r.value, series(r.value, LOG_SERIES))))),
      ),
    ),
    ...when(
      v128.any_true(f64x2.lt(v.value, number(SMALLEST))),
      one.set(f64x2.splat(call(MATH_LOG, f64x2.extract_lane(0, v.value)))),
      one.set(f64x2.replace_lane(1, one.value, call(MATH_LOG, f64x2.extract_lane(1, v.value)))),
      log.set(v128.bitselect(one.value, log.value, f64x2.lt(v.value, number(SMALLEST)))),
    ),
  ];
  const angle: Code = [
    ...near.set(f64x2.floor(add(turn.value, number(0.5)))),
    ...d.set(mul(sub(turn.value, near.value), number((2 * Math.PI) / ANGLE_CELLS))),
    ...q.set(mul(d.value, d.value)),
    ...sine.set(sub(d.value, mul(mul(d.value, q.value), series(q.value, SINE_SERIES)))),
    ...cosine.set(sub(number(1), mul(q.value, series(q.value, COSINE_SERIES)))),
    // The last bit of 2^48 and more is 1/16: what stands there is 16 times the cell.
    ...cell.set(v128.and(add(near.value, number(2 ** 48)), i64x2.const(FRACTION))),
    ...lookUp(TURNS),
    ...cosines.set(firsts),
    ...sines.set(seconds),
  ];
  const pairs = (half: 0 | 1): Code => [
    ...v.set(sub(number(1), unit(words.first, words.second, half))),
    ...logarithm,
    ...radius.set(f64x2.sqrt(mul(number(-2), log.value))),
    ...turn.set(mul(unit(words.third, words.fourth, half), number(ANGLE_CELLS))),
    ...angle,
    ...one.set(mul(radius.value, sub(mul(cosines.value, cosine.value), mul(sines.value, sine.value)))),
    ...two.set(mul(radius.value, add(mul(sines.value, cosine.value), mul(cosines.value, sine.value)))),
    ...v128.store(NORMALS + 8 * MOST * 2 * half, at.value, firsts),
    ...v128.store(NORMALS + 8 * MOST * (2 * half + 1), at.value, seconds),
  ];
  const state = [x, y, z, n];
  const code = [
    ...state.flatMap((word, i) => word.set(v128.load(STATE + 16 * i, i32.const(0)))),
    ...doWhile(
      i32.lt_u(at.value, bytes.value),
      Object.values(words).flatMap(nextWord),
      pairs(0),
      pairs(1),
      at.set(i32.add(at.value, i32.const(16))),
    ),
    ...state.flatMap((word, i) => v128.store(STATE + 16 * i, i32.const(0), word.value)),
  ];
  return { locals, code };
}

/** The module, whose memory holds the tables where `AT` says. */
export const boxMullerModule = (): Uint8Array<ArrayBuffer> =>
  moduleBytes({
    imports: { log: { parameters: ['f64'], results: ['f64'] } },
    functions: { fill: fill() },
    pages: PAGES,
  });
