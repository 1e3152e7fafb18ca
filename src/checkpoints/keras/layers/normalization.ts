import { float, int } from '../../../graph/build.js';
import { floats } from '../../../graph/tensor.js';
import type { LayerSite } from '../site.js';
import { graphAxis, type Value } from '../value.js';
import type { LayerRow } from './row.js';

const filled = (length: number, value: number) => new Float32Array(length).fill(value);

/** Scale and shift, where the layer has them. */
function affine(s: LayerSite, dims: readonly number[]): [gamma: Float32Array, beta: Float32Array] {
  const count = dims.reduce((a, d) => a * d, 1);
  const gamma = s.settings.boolean('scale', true) ? s.weight('gamma', dims) : filled(count, 1);
  const beta = s.settings.boolean('center', true) ? s.weight('beta', dims) : filled(count, 0);
  return [gamma, beta];
}

/** One axis; before Keras 3, files may have it in a list. */
function oneAxis(s: LayerSite): number {
  const given = s.settings.raw('axis') ?? -1;
  return s.axis(Array.isArray(given) && given.length === 1 ? given[0] : given);
}

/** With the averages of training. */
function batchNormalization(s: LayerSite): Value {
  const { x } = s;
  const axis = oneAxis(s);
  const channels = s.known([axis])[0]!;
  const epsilon = s.settings.number('epsilon', 1e-3);
  const [gamma, beta] = affine(s, [channels]);
  const mean = s.weight('moving_mean', [channels]);
  const variance = s.weight('moving_variance', [channels]);
  // The usual case: the last axis of an image, or the only one.
  const turn = x.shape.length === 3 && axis === 3 && !x.turned;
  const image: Value = turn ? { name: s.channelsFirst({ ...x }), shape: x.shape, turned: true } : x;
  if (graphAxis(image, axis) === 1) {
    const vector = (key: string, data: Float32Array) => s.constant(key, () => floats([channels], data));
    const parts = [vector('gamma', gamma), vector('beta', beta)];
    const moments = [vector('moving_mean', mean), vector('moving_variance', variance)];
    const inputs = [image.name, ...parts, ...moments];
    return s.same(s.op('BatchNormalization', inputs, { epsilon: float(epsilon) }), image);
  }
  const factor = gamma.map((g, i) => g / Math.sqrt(variance[i]! + epsilon));
  const shift = beta.map((b, i) => b - mean[i]! * factor[i]!);
  const scaled = s.op('Mul', [x.name, s.along('factor', x, [axis], [channels], factor)]);
  return s.same(s.op('Add', [scaled, s.along('shift', x, [axis], [channels], shift)]));
}

/** (x - mean) / sqrt(variance + epsilon) over axes of the graph. */
function standardised(s: LayerSite, x: string, axes: readonly number[], epsilon: number): string {
  const mean = (value: string) => s.op('ReduceMean', [value, s.ints(axes)]);
  const centred = s.op('Sub', [x, mean(x)]);
  const variance = mean(s.op('Mul', [centred, centred]));
  return s.op('Div', [centred, s.op('Sqrt', [s.math('Add', variance, epsilon)])]);
}

function layerNormalization(s: LayerSite): Value {
  const { x } = s;
  if (s.settings.boolean('rms_scaling', false)) throw s.unsupported('rms_scaling');
  const given = s.settings.raw('axis') ?? -1;
  const axes = [...new Set((Array.isArray(given) ? given : [given]).map((axis) => s.axis(axis)))];
  axes.sort((a, b) => a - b);
  const dims = s.known(axes);
  const epsilon = s.settings.number('epsilon', 1e-3);
  const [gamma, beta] = affine(s, dims);
  const rank = x.shape.length + 1;
  const trailing = axes.every((axis, i) => axis === rank - axes.length + i);
  if (trailing) {
    const part = (key: string, data: Float32Array) => s.constant(key, () => floats(dims, data));
    const inputs = [s.plain(), part('gamma', gamma), part('beta', beta)];
    const attributes = { axis: int(-axes.length), epsilon: float(epsilon) };
    return s.value(s.op('LayerNormalization', inputs, attributes), x.shape);
  }
  const places = axes.map((axis) => graphAxis(x, axis));
  const normal = standardised(s, x.name, places, epsilon);
  const scaled = s.op('Mul', [normal, s.along('gamma', x, axes, dims, gamma)]);
  return s.same(s.op('Add', [scaled, s.along('beta', x, axes, dims, beta)]));
}

/** Channels in groups that lie side by side (Wu & He 2018). */
function groupNormalization(s: LayerSite): Value {
  const { x } = s;
  const axis = oneAxis(s);
  const channels = s.known([axis])[0]!;
  // -1 stands for a group for each channel.
  const given = s.settings.raw('groups') ?? 32;
  const groups = given === -1 ? channels : s.settings.checkInteger('groups', given, 1);
  if (channels % groups !== 0)
    throw s.settings.wrong('groups', `a divisor of the ${channels} channels`, groups);
  const turn = x.shape.length === 3 && axis === 3 && !x.turned;
  const image: Value = turn ? { name: s.channelsFirst(x), shape: x.shape, turned: true } : x;
  if (graphAxis(image, axis) !== 1) throw s.unsupported('a group normalisation along this axis');
  const [gamma, beta] = affine(s, [channels]);
  const grouped = s.op('Reshape', [image.name, s.ints([0, groups, -1])]);
  const normal = standardised(s, grouped, [2], s.settings.number('epsilon', 1e-3));
  const back = s.op('Reshape', [normal, s.op('Shape', [image.name])]);
  const scaled = s.op('Mul', [back, s.along('gamma', image, [axis], [channels], gamma)]);
  return s.same(s.op('Add', [scaled, s.along('beta', image, [axis], [channels], beta)]), image);
}

/** x * scale + offset: the layer that models of Keras begin with. */
function rescaling(s: LayerSite): Value {
  const { x } = s;
  const part = (key: 'scale' | 'offset', fallback: number) => {
    const numbers = s.settings.numbers(key) ?? [fallback];
    if (numbers.length === 1) return numbers[0]!;
    const axis = x.shape.length;
    if (numbers.length !== s.known([axis])[0])
      throw s.settings.wrong(key, `one number, or one for each of ${x.shape[axis - 1]} channels`, numbers);
    return s.along(key, x, [axis], [numbers.length], Float32Array.from(numbers));
  };
  const [scale, offset] = [part('scale', 1), part('offset', 0)];
  const scaled = scale === 1 ? x.name : s.math('Mul', x.name, scale);
  return s.same(offset === 0 ? scaled : s.math('Add', scaled, offset));
}

/** What the layer divides by at least (Keras: backend.epsilon()). */
const SMALLEST = 1e-7;

/** (x - mean) / std, with the moments of a data set: in the settings, or learnt and among the weights. */
function normalization(s: LayerSite): Value {
  const { x } = s;
  const axes = (s.settings.raw('axis') === undefined ? [] : [s.settings.raw('axis')])
    .flat()
    .map((axis) => s.axis(axis))
    .sort((a, b) => a - b);
  const sizes = s.known(axes);
  const count = sizes.reduce((a, d) => a * d, 1);
  const moment = (key: 'mean' | 'variance') => {
    const given = s.settings.numbers(key);
    if (given === undefined) return s.weight(key, sizes);
    if (given.length !== count && given.length !== 1) throw s.settings.wrong(key, `${count} numbers`, given);
    return given.length === count ? Float32Array.from(given) : filled(count, given[0]!);
  };
  const mean = moment('mean');
  const variance = moment('variance');
  s.skip('count');
  const std = variance.map((v) => Math.max(Math.sqrt(v), SMALLEST));
  const [m, d] = [s.along('mean', x, axes, sizes, mean), s.along('std', x, axes, sizes, std)];
  return s.same(
    s.settings.boolean('invert', false)
      ? s.op('Add', [s.op('Mul', [x.name, d]), m])
      : s.op('Div', [s.op('Sub', [x.name, m]), d]),
  );
}

/** Layers that shift and scale. */
export const normalizations: readonly LayerRow[] = [
  { className: 'BatchNormalization', apply: batchNormalization },
  { className: 'LayerNormalization', apply: layerNormalization },
  { className: 'GroupNormalization', apply: groupNormalization },
  { className: 'Rescaling', apply: rescaling },
  { className: 'Normalization', apply: normalization },
];
