import { int } from '../../../graph/build.js';
import { shown } from '../settings.js';
import type { LayerSite } from '../site.js';
import { type Dim, graphAxis, type Value } from '../value.js';
import type { LayerRow } from './row.js';

/** All inputs in one order of axes. Those with fewer axes get theirs behind the batch, as Keras does. */
function aligned(s: LayerSite): Value[] {
  const rank = Math.max(...s.inputs.map(({ shape }) => shape.length));
  const deep = s.inputs.map((value): Value => {
    const missing = rank - value.shape.length;
    if (missing === 0) return value;
    const axes = Array.from({ length: missing }, (_, i) => i + 1);
    const name = s.op('Unsqueeze', [s.plain(value), s.ints(axes)]);
    return { name, shape: [...axes.map(() => 1), ...value.shape], turned: false };
  });
  if (!deep.some(({ turned }) => turned)) return deep;
  return deep.map((value) => ({ ...value, name: s.channelsFirst(value), turned: true }));
}

/** Sizes that are equal, or 1 beside another. */
function broadcastShape(s: LayerSite, values: readonly Value[]): Dim[] {
  return values[0]!.shape.map((_, axis) => {
    const sizes = values.map(({ shape }) => shape[axis]);
    const wide = sizes.filter((d) => d !== 1);
    const known = wide.filter((d) => d !== null);
    if (new Set(known).size > 1)
      throw s.fail('the inputs of the layer do not fit together', {
        expected: 'equal shapes',
        found: values.map(({ shape }) => `[${shape.map((d) => d ?? '?').join(', ')}]`).join(' and '),
      });
    return wide.length === 0 ? 1 : (known[0] ?? null);
  });
}

function needs(s: LayerSite, least: number, most = Number.POSITIVE_INFINITY): void {
  const { length } = s.inputs;
  if (length >= least && length <= most) return;
  throw s.fail('the layer has the wrong number of inputs', {
    expected: least === most ? String(least) : `at least ${least}`,
    found: String(length),
  });
}

/** Inputs in the order they are passed, and numbers among them: Keras 3 has operators such as x * 2 as layers. */
function operands(s: LayerSite): { values: Value[]; terms: (string | number)[] } {
  const values = aligned(s);
  const rest = [...values];
  const terms = s.call.operands.map((one) => ('constant' in one ? one.constant : (rest.shift()?.name ?? '')));
  return { values, terms };
}

function merged(s: LayerSite, op: string, { pair = false } = {}): Value {
  needs(s, 1);
  const { values, terms } = operands(s);
  if (pair && terms.length !== 2)
    throw s.fail('the layer takes two inputs', { expected: '2', found: String(terms.length) });
  const shape = broadcastShape(s, values);
  const [first, ...others] = terms as [string | number, ...(string | number)[]];
  const start = typeof first === 'number' && others.length === 0 ? s.math('Identity', first) : first;
  const name = others.reduce<string | number>((sum, term) => s.math(op, sum, term), start);
  return s.value(String(name), shape, values[0]!.turned);
}

function average(s: LayerSite): Value {
  const sum = merged(s, 'Add');
  return s.inputs.length === 1 ? sum : s.same(s.math('Div', sum.name, s.inputs.length), sum);
}

function concatenate(s: LayerSite): Value {
  needs(s, 1);
  const values = aligned(s);
  const first = values[0]!;
  const axis = s.axis(s.settings.raw('axis') ?? -1, first);
  const rest = values.map((value) => ({
    ...value,
    shape: value.shape.map((d, i) => (i === axis - 1 ? 1 : d)),
  }));
  const shape = broadcastShape(s, rest);
  const sizes = values.map(({ shape: dims }) => dims[axis - 1]!);
  shape[axis - 1] = sizes.reduce<Dim>((a, d) => (a === null || d === null ? null : a + d), 0);
  if (values.length === 1) return first;
  const names = values.map(({ name }) => name);
  return s.value(s.op('Concat', names, { axis: int(graphAxis(first, axis)) }), shape, first.turned);
}

/** The product of two rows of numbers: one number for an image. */
function dot(s: LayerSite): Value {
  needs(s, 2, 2);
  const [a, b] = s.inputs as readonly [Value, Value];
  if (a.shape.length !== 1 || b.shape.length !== 1) throw s.unsupported('a dot product of more than vectors');
  const [left, right] = s.settings.boolean('normalize', false)
    ? [unit(s, a.name), unit(s, b.name)]
    : [a.name, b.name];
  const products = s.op('Mul', [left, right]);
  broadcastShape(s, [a, b]);
  return s.value(s.op('ReduceSum', [products, s.ints([1])], { keepdims: int(1) }), [1]);
}

/** Of length 1 (Keras: l2_normalize, which adds nothing to a length above 1e-6). */
function unit(s: LayerSite, x: string): string {
  const square = s.op('ReduceSum', [s.op('Mul', [x, x]), s.ints([1])], { keepdims: int(1) });
  return s.op('Div', [x, s.op('Sqrt', [s.math('Max', square, 1e-12)])]);
}

/** Functions that arithmetic on the output of a layer becomes before Keras 3. */
const FUNCTIONS: Readonly<Record<string, string>> = {
  'math.add': 'Add',
  '__operators__.add': 'Add',
  'math.subtract': 'Sub',
  'math.multiply': 'Mul',
  'math.truediv': 'Div',
  'math.divide': 'Div',
  'math.maximum': 'Max',
  'math.minimum': 'Min',
};

/** x * 2 and alike. */
function operator(s: LayerSite): Value {
  const name = s.settings.raw('function');
  const op = typeof name === 'string' && Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (op === undefined) throw s.unsupported(`the function ${shown(name)}`);
  return merged(s, op, { pair: true });
}

/** Layers with several inputs. */
export const merging: readonly LayerRow[] = [
  { className: 'Add', apply: (s) => merged(s, 'Add') },
  { className: 'Subtract', apply: (s) => merged(s, 'Sub', { pair: true }) },
  { className: 'Multiply', apply: (s) => merged(s, 'Mul') },
  { className: 'Average', apply: average },
  { className: 'Maximum', apply: (s) => merged(s, 'Max') },
  { className: 'Minimum', apply: (s) => merged(s, 'Min') },
  { className: 'Concatenate', apply: concatenate },
  { className: 'Dot', apply: dot },
  { className: 'Divide', apply: (s) => merged(s, 'Div', { pair: true }) },
  { className: 'TrueDivide', apply: (s) => merged(s, 'Div', { pair: true }) },
  { className: 'TFOpLambda', apply: operator },
];
