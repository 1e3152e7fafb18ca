import { int, ints, string } from '../../../graph/build.js';
import { floats } from '../../../graph/tensor.js';
import type { LayerSite } from '../site.js';
import type { Dim, Value } from '../value.js';
import type { LayerRow } from './row.js';

const product = (dims: readonly Dim[]): Dim =>
  dims.reduce<Dim>((a, d) => (a === null || d === null ? null : a * d), 1);

/** Rows in the order the layers see. With channels first, Keras puts them last before it flattens. */
function flatten(s: LayerSite): Value {
  const { shape } = s.x;
  const rank = shape.length;
  const turn = !s.channelsLast && rank > 1;
  const last = turn ? [0, ...Array.from({ length: rank - 1 }, (_, i) => i + 2), 1] : [];
  const rows = turn ? s.op('Transpose', [s.plain()], { perm: ints(last) }) : s.plain();
  if (rank === 0) throw s.fail('the layer takes more than a number');
  return s.value(s.op('Flatten', [rows], { axis: int(1) }), [product(shape)]);
}

function reshape(s: LayerSite): Value {
  const target = s.settings.integers('target_shape', -1);
  if (target === undefined || target.filter((d) => d === -1).length > 1 || target.includes(0))
    throw s.settings.wrong('target_shape', 'sizes, at most one of them -1', s.settings.raw('target_shape'));
  const total = product(s.x.shape);
  const stated = target.reduce((a, d) => (d === -1 ? a : a * d), 1);
  const rest = total === null ? null : total / stated;
  const fits = rest === null || (target.includes(-1) ? Number.isInteger(rest) : rest === 1);
  if (!fits) throw s.settings.wrong('target_shape', `a shape of ${total} numbers`, target);
  const shape = target.map((d) => (d === -1 ? rest : d));
  return s.value(s.op('Reshape', [s.plain(), s.ints([0, ...shape.map((d) => d ?? -1)])]), shape);
}

function permute(s: LayerSite): Value {
  const { shape } = s.x;
  const dims = s.settings.integers('dims', 1) ?? [];
  if ([...dims].sort((a, b) => a - b).join() !== shape.map((_, i) => i + 1).join())
    throw s.settings.wrong('dims', `the axes 1 to ${shape.length} in another order`, dims);
  const name = s.op('Transpose', [s.plain()], { perm: ints([0, ...dims]) });
  return s.value(
    name,
    dims.map((d) => shape[d - 1]!),
  );
}

function zeroPadding(s: LayerSite): Value {
  const image = s.image();
  const [[top, bottom], [left, right]] = s.settings.margins('padding');
  const name = s.op('Pad', [image.name, s.ints([0, 0, top, left, 0, 0, bottom, right])]);
  return s.fromImage(name, { ...image, size: grown(image.size, [top + bottom, left + right]) });
}

const grown = ([height, width]: readonly [Dim, Dim], [h, w]: readonly [number, number]): [Dim, Dim] => [
  height === null ? null : height + h,
  width === null ? null : width + w,
];

/** Slices end this far before the end, or at it. */
const END = 2 ** 31 - 1;

function cropping(s: LayerSite): Value {
  const image = s.image();
  const [[top, bottom], [left, right]] = s.settings.margins('cropping');
  const ends = [bottom, right].map((n) => (n === 0 ? END : -n));
  const name = s.op('Slice', [image.name, s.ints([top, left]), s.ints(ends), s.ints([2, 3])]);
  return s.fromImage(name, { ...image, size: grown(image.size, [-top - bottom, -left - right]) });
}

type Interpolation = 'nearest' | 'bilinear';

/** TensorFlow 2 takes the centres of pixels, TensorFlow.js their corners: they differ for bilinear. */
function resizing(s: LayerSite, interpolation: Interpolation) {
  const corners = s.dialect === 'tfjs' || interpolation === 'nearest';
  return {
    mode: string(interpolation === 'nearest' ? 'nearest' : 'linear'),
    coordinate_transformation_mode: string(corners ? 'asymmetric' : 'half_pixel'),
    ...(interpolation === 'nearest' && { nearest_mode: string('floor') }),
  };
}

function upSampling(s: LayerSite): Value {
  const image = s.image();
  const [h, w] = s.settings.pair('size', { fallback: 2 });
  const mode = s.settings.text<Interpolation>('interpolation', ['nearest', 'bilinear'], 'nearest');
  const scales = s.constant('scales', () => floats([4], [1, 1, h, w]));
  const name = s.op('Resize', [image.name, '', scales], resizing(s, mode));
  const [height, width] = image.size;
  const size: [Dim, Dim] = [height === null ? null : height * h, width === null ? null : width * w];
  return s.fromImage(name, { ...image, size });
}

/** Layers that move numbers. */
export const shaping: readonly LayerRow[] = [
  { className: 'Flatten', apply: flatten },
  { className: 'Reshape', apply: reshape },
  { className: 'Permute', apply: permute },
  { className: 'ZeroPadding2D', apply: zeroPadding },
  { className: 'Cropping2D', apply: cropping },
  { className: 'UpSampling2D', apply: upSampling },
];
