import { int, ints } from '../../../graph/build.js';
import type { LayerSite } from '../site.js';
import type { Value } from '../value.js';
import { isSame, type Sliding, windowAttributes, windowSize } from '../window.js';
import type { LayerRow } from './row.js';

/** Padding counts neither for the maximum nor for the mean. */
function pooled(s: LayerSite, op: 'MaxPool' | 'AveragePool'): Value {
  const image = s.image();
  const kernel = s.settings.pair('pool_size', { fallback: 2 });
  const strides = s.settings.raw('strides') === undefined ? kernel : s.settings.pair('strides');
  const window: Sliding = { kernel, strides, dilations: [1, 1], same: isSame(s) };
  const name = s.op(op, [image.name], {
    kernel_shape: ints([...kernel]),
    ...windowAttributes(image.size, window),
  });
  return s.fromImage(name, { ...image, size: windowSize(image.size, window) });
}

function pooledWhole(s: LayerSite, op: 'GlobalAveragePool' | 'ReduceMax'): Value {
  const image = s.image();
  const keep = s.settings.boolean('keepdims', false);
  const axes = s.ints([2, 3]);
  if (op === 'ReduceMax') {
    const name = s.op('ReduceMax', [image.name, axes], { keepdims: int(keep ? 1 : 0) });
    return keep ? s.fromImage(name, { ...image, size: [1, 1] }) : s.value(name, [image.channels]);
  }
  const mean = s.op('GlobalAveragePool', [image.name]);
  return keep
    ? s.fromImage(mean, { ...image, size: [1, 1] })
    : s.value(s.op('Flatten', [mean], { axis: int(1) }), [image.channels]);
}

/** Layers that summarise windows, or the whole image. */
export const pooling: readonly LayerRow[] = [
  { className: 'MaxPooling2D', apply: (s) => pooled(s, 'MaxPool') },
  { className: 'AveragePooling2D', apply: (s) => pooled(s, 'AveragePool') },
  { className: 'GlobalAveragePooling2D', apply: (s) => pooledWhole(s, 'GlobalAveragePool') },
  { className: 'GlobalMaxPooling2D', apply: (s) => pooledWhole(s, 'ReduceMax') },
];
